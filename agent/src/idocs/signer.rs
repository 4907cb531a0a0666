//! Whether the certificate belongs to the organisation and the employee: told before the prompt, where it costs nothing.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::references::{Company, Employee};
use crate::certificate::Identity;
use crate::http_client::ServiceId;
use crate::messages::{Code, Fault};

/// The employee in whose name the signature is saved.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Signer {
    pub(super) employee_id: ServiceId,
    pub(super) name: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
}

impl Signer {
    /// Finds the employee by the certificate's IIN, or checks the one that was named.
    ///
    /// # Errors
    /// `signer_mismatch`, `employee_unknown`.
    pub(super) fn find(
        identity: &Identity,
        company: &Company,
        employees: &[Employee],
        wanted: Option<&ServiceId>,
    ) -> Result<Self, Fault> {
        check_organisation(identity, company)?;
        let employee = match wanted {
            Some(wanted) => named(identity, employees, wanted)?,
            None => by_iin(identity, employees)?,
        };
        Ok(Self {
            employee_id: employee.id.clone(),
            name: employee.full_name.clone(),
            at: OffsetDateTime::now_utc(),
        })
    }
}

/// A sole proprietor has no BIN: the IIN stands in its place on both sides.
fn check_organisation(identity: &Identity, company: &Company) -> Result<(), Fault> {
    let Some(expected) = number(company.company_bin.as_deref()) else {
        return Ok(());
    };
    let (kind, found) = match (&identity.bin, &identity.iin) {
        (Some(bin), _) => ("BIN", bin.as_str()),
        (None, Some(iin)) => ("IIN", iin.as_str()),
        (None, None) => return Err(mismatch("the certificate names neither a BIN nor an IIN".to_owned())),
    };
    if found == expected {
        return Ok(());
    }
    Err(mismatch(format!(
        "the certificate's {kind} is {found}, the organisation's BIN is {expected}"
    )))
}

fn named<'a>(identity: &Identity, employees: &'a [Employee], wanted: &ServiceId) -> Result<&'a Employee, Fault> {
    let employee = employees
        .iter()
        .find(|employee| employee.id == *wanted)
        .ok_or_else(|| unknown(format!("the organisation has no employee {wanted}")))?;
    match (
        &identity.iin,
        number(employee.national_identification_number.as_deref()),
    ) {
        (Some(found), Some(expected)) if found != expected => Err(mismatch(format!(
            "the certificate's IIN is {found}, the employee's is {expected}"
        ))),
        (None, Some(_)) => Err(mismatch("the certificate names no IIN".to_owned())),
        _ => Ok(employee),
    }
}

fn by_iin<'a>(identity: &Identity, employees: &'a [Employee]) -> Result<&'a Employee, Fault> {
    let iin = identity
        .iin
        .as_deref()
        .ok_or_else(|| unknown("the certificate names no IIN".to_owned()))?;
    let mut found = employees
        .iter()
        .filter(|employee| number(employee.national_identification_number.as_deref()) == Some(iin));
    match (found.next(), found.next()) {
        (Some(employee), None) => Ok(employee),
        (None, _) => Err(unknown(format!("no employee has the certificate's IIN {iin}"))),
        (Some(_), Some(_)) => Err(unknown(format!("several employees have the certificate's IIN {iin}"))),
    }
}

/// A number as the service gives it; services pad and omit.
fn number(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn mismatch(reason: String) -> Fault {
    Fault::new(Code::SignerMismatch).arg("reason", reason)
}

fn unknown(reason: String) -> Fault {
    Fault::new(Code::EmployeeUnknown).arg("reason", &reason).detail(reason)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const IIN: &str = "900101300123";
    const BIN: &str = "180240012345";

    fn identity(iin: Option<&str>, bin: Option<&str>) -> Identity {
        Identity {
            iin: iin.map(str::to_owned),
            bin: bin.map(str::to_owned),
            ..Identity::default()
        }
    }

    fn company(bin: &str) -> Company {
        Company {
            company_id: None,
            company_bin: Some(bin.to_owned()),
            company_name: None,
        }
    }

    fn employee(id: &str, iin: &str) -> Employee {
        let employee = serde_json::json!({ "id": id, "nationalIdentificationNumber": iin });
        serde_json::from_value(employee).unwrap()
    }

    fn find(identity: &Identity, company: &Company, wanted: Option<&str>) -> Result<String, Code> {
        let employees = [
            employee("a", IIN),
            employee("b", "810101300123"),
            employee("c", "700101300123"),
            employee("d", "700101300123"),
        ];
        let wanted = wanted.map(|id| id.parse().unwrap());
        Signer::find(identity, company, &employees, wanted.as_ref())
            .map(|signer| signer.employee_id.to_string())
            .map_err(|fault| fault.code())
    }

    #[test]
    fn the_employee_is_found_by_the_certificate() {
        let director = identity(Some(IIN), Some(BIN));
        assert_eq!(find(&director, &company(BIN), None), Ok("a".to_owned()));
        assert_eq!(find(&director, &company(BIN), Some("A")), Ok("a".to_owned()));
        assert_eq!(find(&director, &company(""), None), Ok("a".to_owned()));
        assert_eq!(
            find(&identity(Some(IIN), None), &company(IIN), None),
            Ok("a".to_owned())
        );
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let director = identity(Some(IIN), Some(BIN));
        assert_eq!(
            find(&director, &company("990240012345"), None),
            Err(Code::SignerMismatch)
        );
        assert_eq!(
            find(&identity(Some(IIN), None), &company(BIN), None),
            Err(Code::SignerMismatch)
        );
        assert_eq!(find(&director, &company(BIN), Some("b")), Err(Code::SignerMismatch));
        assert_eq!(find(&director, &company(BIN), Some("x")), Err(Code::EmployeeUnknown));
        let nobody = identity(Some("111111111111"), Some(BIN));
        assert_eq!(find(&nobody, &company(BIN), None), Err(Code::EmployeeUnknown));
        let twice = identity(Some("700101300123"), Some(BIN));
        assert_eq!(find(&twice, &company(BIN), None), Err(Code::EmployeeUnknown));
        assert_eq!(
            find(&identity(None, Some(BIN)), &company(BIN), None),
            Err(Code::EmployeeUnknown)
        );
        assert_eq!(
            find(&identity(None, Some(BIN)), &company(BIN), Some("a")),
            Err(Code::SignerMismatch)
        );
    }
}
