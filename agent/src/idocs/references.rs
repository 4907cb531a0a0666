//! The organisation of the token, its employees and what they may do (`sync/references`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::client::IdocsClient;
use super::model::Epoch;
use crate::http_client::{Failure, ServiceId};

/// The organisation of the token (`CompanyTokenInfoVM`).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    /// Its id.
    #[serde(default)]
    pub company_id: Option<ServiceId>,
    /// Its BIN.
    #[serde(default)]
    pub company_bin: Option<String>,
    /// Its name.
    #[serde(default)]
    pub company_name: Option<String>,
}

impl Company {
    /// Its name and BIN, for people.
    pub(super) fn label(&self) -> Option<String> {
        match (&self.company_name, &self.company_bin) {
            (Some(name), Some(bin)) => Some(format!("{name}, БИН {bin}")),
            (name, bin) => name.clone().or_else(|| bin.clone()),
        }
    }
}

/// An employee (`EmployeeVM`). Read as the service names things, written as our face does.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsEmployee)]
pub struct Employee {
    /// The id.
    pub id: ServiceId,
    /// The IIN.
    #[serde(default)]
    pub national_identification_number: Option<String>,
    /// The full name.
    #[serde(default)]
    pub full_name: Option<String>,
    /// What they are in the organisation.
    #[serde(default)]
    pub position: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// When they were entered.
    #[serde(default)]
    pub created_on: Epoch,
}

/// What an employee may do (`EmployeePermissionVM`).
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsPermissions)]
pub struct EmployeePermissions {
    /// The employee.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// The permissions, in the service's words.
    #[serde(default)]
    pub account_permissions: Option<Vec<String>>,
}

impl IdocsClient {
    /// The organisation of the token.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn company(&self) -> Result<Company, Failure> {
        self.post("/api/v3/sync/references/company-token", &serde_json::json!({}))
            .await
    }

    /// Every employee of the organisation.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn employees(&self) -> Result<Vec<Employee>, Failure> {
        self.pages("/api/v3/sync/references/company-employees", |page| page)
            .await
    }

    /// What an employee may do.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn employee_permissions(&self, employee: &ServiceId) -> Result<EmployeePermissions, Failure> {
        let id = employee.segment();
        self.fetch(&format!("/api/v3/sync/references/company-employees/permission/{id}"))
            .await
    }
}
