use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Entry, Members};

/// An operator with which the service exchanges documents. The members are those of the guide.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Mig24Operator)]
pub struct Operator {
    /// The operator's code, with which subscriber codes begin.
    pub code: String,
    /// The company.
    pub company_name: Option<String>,
    /// The product.
    pub product_name: Option<String>,
    /// Taxpayer number.
    pub inn: Option<String>,
    /// Tax registration reason code.
    pub kpp: Option<String>,
    /// Everything else that the service says.
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

impl Entry for Operator {
    fn of_members(mut members: Members) -> Option<Self> {
        Some(Self {
            code: members.text(&["code"])?,
            company_name: members.text(&["companyName"]),
            product_name: members.text(&["productName"]),
            inn: members.text(&["inn"]),
            kpp: members.text(&["kpp"]),
            other: members.rest(),
        })
    }
}
