//! Employees, counterparties and invitations. The guide says in words what the lists hold and gives an employee's members.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Entry, Members};
use crate::http_client::ServiceId;

/// An employee of the organisation.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Mig24Employee)]
pub struct Employee {
    /// The id.
    #[schema(value_type = String)]
    pub user_id: ServiceId,
    /// Insurance number of a person.
    pub snils: Option<String>,
    /// The name.
    pub full_name: Option<String>,
    /// The position.
    pub position: Option<String>,
    /// The container at the service that holds the employee's key; without one the service sends a link.
    pub cert_container_name: Option<String>,
    /// The power of attorney (МЧД) that the service knows of.
    pub mchd_info_id: Option<String>,
    /// Whether the employee may sign.
    pub can_sign_docs: Option<bool>,
    /// Everything else that the service says.
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

impl Entry for Employee {
    fn of_members(mut members: Members) -> Option<Self> {
        Some(Self {
            user_id: members.id(&["userId", "id"])?,
            snils: members.text(&["snils"]),
            full_name: members.text(&["fullName", "fio", "name"]),
            position: members.text(&["position"]),
            cert_container_name: members.text(&["certContainerName", "containerName"]),
            mchd_info_id: members.text(&["mchdInfoId"]),
            can_sign_docs: members.flag(&["canSignDocs"]),
            other: members.rest(),
        })
    }
}

/// An organisation with which invitations were exchanged.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Mig24Counterparty)]
pub struct Counterparty {
    /// Its subscriber code: what documents are sent to.
    pub abonent_id: Option<String>,
    /// Its id at the service.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Taxpayer number.
    pub inn: Option<String>,
    /// Tax registration reason code.
    pub kpp: Option<String>,
    /// Since when, as the service writes it.
    pub date: Option<String>,
    /// Everything else that the service says.
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

impl Entry for Counterparty {
    fn of_members(mut members: Members) -> Option<Self> {
        let abonent_id = members.text(&ABONENT);
        let id = members.text(&["id", "counteragentId"]);
        if abonent_id.is_none() && id.is_none() {
            return None;
        }
        Some(Self {
            abonent_id,
            id,
            name: members.text(&NAME),
            inn: members.text(&["inn"]),
            kpp: members.text(&["kpp"]),
            date: members.text(&["date", "createdOn", "statusDate"]),
            other: members.rest(),
        })
    }
}

/// An invitation to exchange documents.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Mig24Invitation)]
pub struct Invitation {
    /// The other side's subscriber code.
    pub abonent_id: Option<String>,
    /// Its id at the service.
    pub id: Option<String>,
    /// The other side's name.
    pub name: Option<String>,
    /// The other side's taxpayer number.
    pub inn: Option<String>,
    /// The other side's tax registration reason code.
    pub kpp: Option<String>,
    /// The comment that came with it.
    pub comment: Option<String>,
    /// Where it stands.
    pub state: InvitationState,
    /// Since when, as the service writes it.
    pub date: Option<String>,
    /// Everything else that the service says, such as the other side's data.
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

/// Where an invitation stands: the guide's five states.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Mig24InvitationState)]
pub enum InvitationState {
    /// Made, not sent.
    New,
    /// Sent.
    Sent,
    /// Delivered.
    Delivered,
    /// Accepted.
    Accepted,
    /// Rejected.
    Rejected,
    /// A word that the guide does not name; it stands in `other.status`.
    Unknown,
}

impl InvitationState {
    /// The state as the service writes it.
    fn of_word(word: &str) -> Option<Self> {
        [
            ("New", Self::New),
            ("Sent", Self::Sent),
            ("Delivered", Self::Delivered),
            ("Accepted", Self::Accepted),
            ("Rejected", Self::Rejected),
        ]
        .into_iter()
        .find_map(|(known, state)| known.eq_ignore_ascii_case(word).then_some(state))
    }
}

impl Entry for Invitation {
    fn of_members(mut members: Members) -> Option<Self> {
        let abonent_id = members.text(&ABONENT);
        let id = members.text(&["id", "requestId"]);
        if abonent_id.is_none() && id.is_none() {
            return None;
        }
        let word = members.text(&["status", "state"]);
        let state = word.as_deref().and_then(InvitationState::of_word);
        let mut invitation = Self {
            abonent_id,
            id,
            name: members.text(&NAME),
            inn: members.text(&["inn"]),
            kpp: members.text(&["kpp"]),
            comment: members.text(&["comment", "comments", "message"]),
            state: state.unwrap_or(InvitationState::Unknown),
            date: members.text(&["statusDate", "date", "createdOn"]),
            other: members.rest(),
        };
        if let (Some(word), None) = (word, state) {
            invitation.other.insert("status".to_owned(), word.into());
        }
        Some(invitation)
    }
}

const ABONENT: [&str; 3] = ["abonentId", "abonentCode", "code"];
const NAME: [&str; 4] = ["name", "organizationName", "companyName", "title"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        match value {
            Value::Object(object) => Members(object),
            _ => panic!("an object"),
        }
    }

    /// The employee of the vendor's guide, whole.
    #[test]
    fn the_guides_employee_is_read() {
        let employee = Employee::of_members(members(json!({
            "userId": "b25fb305-e1ca-480e-89bc-27ee31ed5d65", "snils": "15989387255",
            "organizationId": "95e84dfb-0ca7-4511-b33a-14cd3bc8364c", "isAdmin": true, "canCreateDocs": false,
            "canDeleteAndRestoreDocs": false, "canSignDocs": false, "canAgreeDocs": false, "canSignDocsByAnotherUser": false,
            "isRequireAuthenticationForFileAccess": true, "isRequireSameOrganizationForFileAccess": true,
            "canEditContractors": false, "mchdInfoId": null, "certContainerName": null, "position": null,
        })))
        .unwrap();
        assert_eq!(employee.user_id.as_str(), "b25fb305-e1ca-480e-89bc-27ee31ed5d65");
        assert_eq!(employee.snils.as_deref(), Some("15989387255"));
        assert_eq!((employee.mchd_info_id, employee.cert_container_name), (None, None));
        assert_eq!(employee.can_sign_docs, Some(false));
        assert_eq!(employee.other["isAdmin"], true);
    }

    #[test]
    fn invitations_have_the_guides_states() {
        for (word, state) in [
            ("New", InvitationState::New),
            ("sent", InvitationState::Sent),
            ("Delivered", InvitationState::Delivered),
            ("Accepted", InvitationState::Accepted),
            ("Rejected", InvitationState::Rejected),
        ] {
            let invitation = Invitation::of_members(members(json!({ "abonentId": "2XX-1", "status": word }))).unwrap();
            assert_eq!(invitation.state, state, "{word}");
        }
        let strange = Invitation::of_members(members(json!({ "abonentId": "2XX-1", "status": "Paused" }))).unwrap();
        assert_eq!(strange.state, InvitationState::Unknown);
        assert_eq!(strange.other["status"], "Paused");
        assert_eq!(Invitation::of_members(members(json!({ "status": "New" }))), None);
    }
}
