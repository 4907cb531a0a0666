//! `sync/references`: the company of the token and its employees.

use std::sync::Arc;

use axum::extract::{Path, State};
use uuid::Uuid;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::{self, CompanyTokenInfo, EmployeePermission, Page};
use crate::sandbox::app::App;
use crate::sandbox::config::Employee;

/// When everybody was hired: the beginning of 2024.
const HIRED_ON: i64 = 1_704_067_200;

pub(super) async fn company_token(State(app): State<Arc<App>>) -> Result<Answer, Refusal> {
    Answer::of(&CompanyTokenInfo {
        id: app.company.id(),
        company_id: app.company.id(),
        company_bin: app.company.bin.clone(),
        company_name: app.company.name.clone(),
    })
}

pub(super) async fn employees(State(app): State<Arc<App>>, JsonBody(page): JsonBody<Page>) -> Result<Answer, Refusal> {
    let behaviour = app.behaviour().idocs;
    let employees = app.people.employees.iter().map(|employee| model::Employee {
        id: employee.employee_id(),
        national_identification_number: employee.iin.clone(),
        first_name: employee.first_name.clone(),
        last_name: employee.last_name.clone(),
        full_name: format!("{} {}", employee.last_name, employee.first_name)
            .trim()
            .to_owned(),
        position: employee.position.clone(),
        email: employee.email.clone(),
        created_on: behaviour.date(HIRED_ON),
    });
    Answer::of(&page.of(employees.collect()))
}

pub(super) async fn permissions(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Answer, Refusal> {
    let employee = app
        .employee(id)
        .ok_or_else(|| Refusal::invalid(format!("there is no employee {id}")))?;
    Answer::of(&EmployeePermission {
        employee_id: employee.employee_id(),
        account_permissions: ["DocumentsRead", "DocumentsSign"].map(str::to_owned).into(),
    })
}

impl App {
    /// An employee of the company.
    pub(super) fn employee(&self, id: Uuid) -> Option<&Employee> {
        self.people
            .employees
            .iter()
            .find(|employee| employee.employee_id() == id)
    }
}
