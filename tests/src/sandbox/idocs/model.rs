//! The shapes on the wire, named as in the vendor's OpenAPI description (February 2026) without their `VM`.
//!
//! Requests may hold more members than these: the guide and the description differ, and the service ignores what it does
//! not know. Answers hold exactly the description's members; `tests/vectors/idocs/models.json` restates them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum OperationErrorType {
    UploadedFileSizeError,
    UploadedFileExtensionError,
    UploadedFileContentParsingError,
    InternalServerError,
    ResourceNotFound,
    ValidationError,
    PermissionError,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AsyncOperationStatus {
    NotFound,
    Created,
    InProcessing,
    CompletedWithProcessingError,
    CompletedWithProcessingException,
    CompletedWithOk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RouteAction {
    Sign,
    Approve,
    Inform,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DocumentGroupType {
    Accounting,
    Financial,
    Legal,
    Constitutive,
    #[serde(rename = "HR")]
    Hr,
    Paperwork,
    Purchase,
    Warehouse,
    Organizational,
    General,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DocumentDirection {
    Inbox,
    Outbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ExternalNodeStatus {
    None,
    Draft,
    InProcess,
    InProcessBySender,
    RejectedBySenderEmployee,
    SentBySender,
    RecalledBySender,
    InNew,
    InProcessByRecipient,
    RejectedByRecipientEmployee,
    Finished,
    RejectedByRecipient,
    RejectedByCompany,
    WaitingForSender,
    RejectedBySender,
    RejectedByEmployee,
    FinishedByCompany,
    FinishedEditable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RouteOrderType {
    None,
    Parallel,
    Sequential,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) enum RouteNodeActionStatus {
    NotStarted,
    Active,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientUploadedBlob {
    pub(super) blob_id: Uuid,
    pub(super) file_name: String,
    pub(super) extension: String,
    pub(super) mime_type: String,
    pub(super) file_length: u64,
    pub(super) created_on: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateIntegrationDocument {
    pub(super) document_metadata: DocumentMetadata,
    #[serde(default)]
    pub(super) document_binary_contents: Option<Vec<BinaryContent>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentMetadata {
    pub(super) document_name: String,
    pub(super) document_number: String,
    pub(super) document_date: u64,
    pub(super) document_group: DocumentGroupType,
    #[serde(default)]
    pub(super) document_author_employee_id: Option<Uuid>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BinaryContent {
    pub(super) blob_id: Uuid,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentBase {
    pub(super) id: Uuid,
    pub(super) document_name: String,
    pub(super) document_number: String,
    pub(super) document_date: i64,
    pub(super) document_group: DocumentGroupType,
    pub(super) document_author_employee_id: Uuid,
    pub(super) created_on: i64,
    pub(super) document_status: ExternalNodeStatus,
    pub(super) document_direction: DocumentDirection,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentExtended {
    pub(super) document_route: Option<RouteExtended>,
    #[serde(flatten)]
    pub(super) base: DocumentBase,
}

#[derive(Debug, Serialize)]
pub(super) struct RouteExtended {
    pub(super) external: ExternalRoute,
    pub(super) internal: Option<InternalRoute>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InternalRoute {
    pub(super) route_action_ordering_type: RouteOrderType,
    pub(super) nodes: Vec<InternalRouteNode>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InternalRouteNode {
    pub(super) order: i32,
    pub(super) employee_id: Uuid,
    pub(super) required_action: RouteAction,
    pub(super) state: ExternalRouteNodeState,
}

#[derive(Debug, Serialize)]
pub(super) struct ExternalRoute {
    pub(super) nodes: Vec<ExternalRouteNode>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalRouteNode {
    pub(super) order: i32,
    pub(super) counterparty_company_bin: Option<String>,
    pub(super) counterparty_company_id: Uuid,
    pub(super) comment: Option<String>,
    pub(super) is_individual: bool,
    pub(super) counterparty_company_emails: Vec<String>,
    pub(super) is_sign_required: bool,
    pub(super) state: ExternalRouteNodeState,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalRouteNodeState {
    pub(super) status: RouteNodeActionStatus,
    pub(super) completed_on: Option<i64>,
    pub(super) reject_metadata: Option<()>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateQuickRoute {
    pub(super) document_id: Uuid,
    pub(super) employee_id: Uuid,
    pub(super) route: QuickRoute,
}

#[derive(Debug, Deserialize)]
pub(super) struct QuickRoute {
    pub(super) external: CreateExternalRoute,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateRoute {
    pub(super) document_id: Uuid,
    pub(super) employee_id: Uuid,
    pub(super) route: OrdinaryRoute,
}

#[derive(Debug, Deserialize)]
pub(super) struct OrdinaryRoute {
    #[serde(default)]
    pub(super) external: Option<CreateExternalRoute>,
    #[serde(default)]
    pub(super) internal: Option<CreateInternalRoute>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateRouteForInternalDocument {
    pub(super) document_id: Uuid,
    pub(super) employee_id: Uuid,
    #[serde(flatten)]
    pub(super) route: CreateInternalRoute,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateInternalRoute {
    #[serde(default)]
    pub(super) route_action_ordering_type: Option<RouteOrderType>,
    pub(super) nodes: Vec<CreateInternalRouteNode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateInternalRouteNode {
    #[serde(default)]
    pub(super) order: i32,
    pub(super) employee_id: Uuid,
    pub(super) required_action: RouteAction,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateExternalRoute {
    #[serde(default)]
    pub(super) route_order_type: Option<RouteOrderType>,
    #[serde(default)]
    pub(super) is_sign_required_by_sender: Option<bool>,
    pub(super) nodes: Vec<CreateExternalRouteNode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateExternalRouteNode {
    #[serde(default)]
    pub(super) order: i32,
    #[serde(default)]
    pub(super) counterparty_bin: Option<String>,
    #[serde(default)]
    pub(super) comment: Option<String>,
    #[serde(default)]
    pub(super) is_individual: bool,
    #[serde(default)]
    pub(super) counterparty_emails: Option<Vec<String>>,
    #[serde(default)]
    pub(super) is_sign_required_by_counterparty: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GenerateSignContent {
    pub(super) document_id: Uuid,
    pub(super) signed_by_employee_id: Uuid,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GeneratedSignContent {
    pub(super) document_id: Uuid,
    pub(super) download_link: String,
    pub(super) dispose_on: i64,
    pub(super) idempotency_ticket: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AddQuickSignature {
    pub(super) document_id: Uuid,
    pub(super) signed_by_employee_id: Uuid,
    pub(super) signature_binary_content: BinaryContent,
    #[serde(default)]
    pub(super) idempotency_ticket: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentStatus {
    pub(super) document_status: ExternalNodeStatus,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryDocuments {
    #[serde(default)]
    pub(super) document_statuses: Option<Vec<ExternalNodeStatus>>,
    #[serde(default)]
    pub(super) document_date_from: Option<i64>,
    #[serde(default)]
    pub(super) document_date_to: Option<i64>,
    #[serde(default)]
    pub(super) document_author_id: Option<Uuid>,
    #[serde(flatten)]
    pub(super) page: Page,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    pub(super) skip: usize,
    #[serde(default = "default_top")]
    pub(super) top: usize,
}

fn default_top() -> usize {
    10
}

impl Page {
    /// One page of `all`.
    pub(super) fn of<T>(self, all: Vec<T>) -> Paginated<T> {
        let total_size = all.len();
        let page_items = all.into_iter().skip(self.skip).take(self.top).collect();
        Paginated {
            page_items,
            skip: self.skip,
            top: self.top,
            total_size,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paginated<T> {
    pub(super) page_items: Vec<T>,
    pub(super) skip: usize,
    pub(super) top: usize,
    pub(super) total_size: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompanyTokenInfo {
    pub(super) id: Uuid,
    pub(super) company_id: Uuid,
    pub(super) company_bin: String,
    pub(super) company_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Employee {
    pub(super) id: Uuid,
    pub(super) national_identification_number: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) full_name: String,
    pub(super) position: String,
    pub(super) email: String,
    pub(super) created_on: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EmployeePermission {
    pub(super) employee_id: Uuid,
    pub(super) account_permissions: Vec<String>,
}

/// `…BulkAsyncOperationsRequestVM`
#[derive(Debug, Deserialize)]
pub(super) struct BulkRequest {
    pub(super) operations: Vec<BulkRequestItem>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BulkRequestItem {
    pub(super) data: serde_json::Value,
}

/// `BulkAsyncOperationStatusRequestVM`
#[derive(Debug, Deserialize)]
pub(super) struct BulkStatusRequest {
    pub(super) operations: Vec<BulkStatusRequestItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BulkStatusRequestItem {
    pub(super) operation_id: Uuid,
}

/// `…AsyncOperationStatusResponseVM`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationView {
    pub(super) operation_id: Uuid,
    pub(super) created_on: Option<i64>,
    pub(super) completed_on: Option<i64>,
    pub(super) operation_status: AsyncOperationStatus,
    pub(super) data: Option<serde_json::Value>,
    pub(super) operation_errors: Option<Vec<OperationErrorView>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationErrorView {
    pub(super) error_code: OperationErrorType,
    pub(super) error_description: Option<String>,
    pub(super) error_documentation_link: Option<String>,
}

/// `…BulkAsyncOperationsStatusResponseVM`
#[derive(Debug, Serialize)]
pub(super) struct OperationsView {
    pub(super) operations: Vec<OperationView>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DownloadExternalDocument {
    pub(super) document_id: Uuid,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DownloadedExternalDocument {
    pub(super) document_id: Uuid,
    pub(super) download_link: String,
    pub(super) dispose_on: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscription {
    pub(super) subscription_url: String,
}
