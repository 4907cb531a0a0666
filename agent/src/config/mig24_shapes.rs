use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `[mig24.<name>.shapes]`: what the vendor's guide leaves open about requests. The defaults are the project's own reading.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mig24Shapes {
    /// Uploads.
    pub upload: UploadShape,
    /// Package groups.
    pub group: GroupShape,
    /// The request for the hashes.
    pub prepare: PrepareShape,
    /// The request with the signatures.
    pub finish: FinishShape,
    /// The requests for a signature at the service.
    pub remote: RemoteShape,
}

/// `[mig24.<name>.shapes.upload]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct UploadShape {
    /// `POST` or `PUT`.
    pub method: Verb,
    /// The multipart part that holds the file.
    pub field: String,
}

impl Default for UploadShape {
    fn default() -> Self {
        Self {
            method: Verb::Post,
            field: "file".to_owned(),
        }
    }
}

/// `[mig24.<name>.shapes.group]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupShape {
    /// Who chooses a new group's id. With `client` a group that may have been created is found by it; with `service` a lost answer
    /// leaves it to a person.
    pub id: GroupIdBy,
    /// The member that lists the documents.
    pub documents_field: String,
    /// The member of a document that says whether the recipient signs.
    pub recipient_signs_field: String,
}

impl Default for GroupShape {
    fn default() -> Self {
        Self {
            id: GroupIdBy::Client,
            documents_field: "documents".to_owned(),
            recipient_signs_field: "recipientSignatureRequired".to_owned(),
        }
    }
}

/// Who chooses a new group's id.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupIdBy {
    /// The client sends it as `id`.
    #[default]
    Client,
    /// The service answers it.
    Service,
}

/// `[mig24.<name>.shapes.prepare]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrepareShape {
    /// `POST` or `PUT`.
    pub method: Verb,
    /// The member with the group's id.
    pub group_field: String,
    /// The member with the certificate.
    pub certificate_field: String,
    /// How the certificate is written.
    pub certificate_encoding: CertificateEncoding,
    /// The member with the power of attorney's id.
    pub mchd_field: String,
    /// More members, sent as they are.
    pub extra: BTreeMap<String, Value>,
}

impl Default for PrepareShape {
    fn default() -> Self {
        Self {
            method: Verb::Post,
            group_field: "packageGroupId".to_owned(),
            certificate_field: "certificate".to_owned(),
            certificate_encoding: CertificateEncoding::Base64Der,
            mchd_field: "mchdInfoId".to_owned(),
            extra: BTreeMap::new(),
        }
    }
}

/// `[mig24.<name>.shapes.finish]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FinishShape {
    /// `POST` or `PUT`.
    pub method: Verb,
    /// The member with the group's id.
    pub group_field: String,
    /// The member with the signatures.
    pub list_field: String,
    /// How the signatures are listed.
    pub items: FinishItems,
    /// The member of an item with the signature.
    pub signature_field: String,
    /// More members, sent as they are.
    pub extra: BTreeMap<String, Value>,
}

impl Default for FinishShape {
    fn default() -> Self {
        Self {
            method: Verb::Post,
            group_field: "packageGroupId".to_owned(),
            list_field: "signatures".to_owned(),
            items: FinishItems::Objects,
            signature_field: "signature".to_owned(),
            extra: BTreeMap::new(),
        }
    }
}

/// `[mig24.<name>.shapes.remote]`: a signature by a certificate at the service, or a link to an employee.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteShape {
    /// `POST` or `PUT`.
    pub method: Verb,
    /// The member with the group's id.
    pub group_field: String,
    /// The member with the employee's id.
    pub user_field: String,
    /// The member with the container's name.
    pub container_field: String,
    /// The member with the power of attorney's id.
    pub mchd_field: String,
    /// More members, sent as they are.
    pub extra: BTreeMap<String, Value>,
}

impl Default for RemoteShape {
    fn default() -> Self {
        Self {
            method: Verb::Post,
            group_field: "packageGroupId".to_owned(),
            user_field: "userId".to_owned(),
            container_field: "containerName".to_owned(),
            mchd_field: "mchdInfoId".to_owned(),
            extra: BTreeMap::new(),
        }
    }
}

/// How signatures are listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishItems {
    /// Objects with the members that came with the hash, and the signature.
    #[default]
    Objects,
    /// An object: id → signature.
    Map,
    /// The signatures alone, in the hashes' order.
    Bare,
}

/// The verb of a call that writes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
}

/// How a certificate is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateEncoding {
    /// DER in base64, one line.
    #[default]
    Base64Der,
    /// PEM.
    Pem,
    /// SHA-1 of the DER in upper-case hexadecimal digits, as Windows shows it.
    Thumbprint,
}
