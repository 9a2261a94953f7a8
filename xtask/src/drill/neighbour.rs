//! Another organisation beside the demonstration's: large, and able to ask for much at once.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use super::latency::{agent, sign_in};
use crate::server::Server;

pub(super) const EMAIL: &str = "owner@neighbour.example";
const PASSWORD: &str = "le bruit des voisins";
/// Missions to begin with: three pages of the largest size.
const MISSIONS: u64 = 3000;
/// Missions that one person accepted at the same time, each overlapping all others.
const OVERLAPS: u64 = 40;

/// Signed in as its owner.
pub(super) struct Neighbour {
    api: String,
    agent: Agent,
    authorization: String,
    pub(super) project: String,
}

impl Neighbour {
    /// Founds and fills it.
    pub(super) fn move_in(server: &Server) -> Result<Self> {
        let founded = server.output(&["org", "create", "--name", "Les voisins", "--owner-email", EMAIL])?;
        let token = founded.trim().rsplit_once("token=").context("org create prints no link")?.1;
        let api = format!("{}/api/v1", server.url);
        let password = json!({ "token": token, "new_password": PASSWORD });
        agent().post(format!("{api}/auth/reset/confirm")).send_json(password)?;
        let authorization = sign_in(&server.url, EMAIL, PASSWORD)?;
        let mut neighbour = Self { api, agent: agent(), authorization, project: String::new() };
        let project = neighbour.post("/projects", &json!({ "name": "La saison des voisins" }))?;
        neighbour.project = text(&project, "id")?;
        for first in (0..MISSIONS).step_by(1000) {
            neighbour.post(&neighbour.bulk_path(), &missions(first, 1000))?;
        }
        neighbour.overlap()?;
        Ok(neighbour)
    }

    /// One more client of it, on a connection of its own.
    pub(super) fn client(&self) -> Self {
        let Self { api, authorization, project, .. } = self;
        let (api, authorization, project) = (api.clone(), authorization.clone(), project.clone());
        Self { api, agent: agent(), authorization, project }
    }

    /// Where many missions are created at once.
    pub(super) fn bulk_path(&self) -> String {
        format!("/projects/{}/missions:bulk_create", self.project)
    }

    fn overlap(&self) -> Result<()> {
        let user = text(&self.post("/users", &json!({ "name": "Ubiqua" }))?, "id")?;
        for _ in 0..OVERLAPS {
            let mission = json!({
                "title": "Partout", "start_at": "2031-01-01T08:00:00Z", "end_at": "2031-01-01T12:00:00Z",
            });
            let mission = text(&self.post("/missions", &mission)?, "id")?;
            let assignment = json!({ "mission_id": mission, "user_id": user });
            let assignment = text(&self.post("/assignments", &assignment)?, "id")?;
            let accepted = json!({ "status": "ACCEPTED", "override_reason": "partout à la fois" });
            self.post(&format!("/assignments/{assignment}:status"), &accepted)?;
        }
        Ok(())
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.api));
        let mut answer = request.header("Authorization", &self.authorization).send_json(body)?;
        Ok(answer.body_mut().read_json()?)
    }

    /// Sends JSON; the status.
    pub(super) fn try_post(&self, path: &str, body: &str) -> Result<u16> {
        let request = self.agent.post(format!("{}{path}", self.api));
        let request = request.header("Authorization", &self.authorization);
        status(request.header("Content-Type", "application/json").send(body))
    }

    /// Reads, compressed in the form that takes longest to make; the status.
    pub(super) fn try_get(&self, path: &str) -> Result<u16> {
        let request = self.agent.get(format!("{}{path}", self.api));
        let request = request.header("Authorization", &self.authorization);
        status(request.header("Accept-Encoding", "br").call())
    }
}

/// Reads the answer to its end, so that the connection is used again.
pub(super) fn status(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<u16> {
    match result {
        Ok(mut answer) => {
            let mut body = answer.body_mut().as_reader();
            let length = std::io::copy(&mut body, &mut std::io::sink())?;
            ensure!(length > 2, "the answer is empty");
            Ok(answer.status().as_u16())
        }
        Err(ureq::Error::StatusCode(status)) => Ok(status),
        Err(error) => Err(error.into()),
    }
}

/// That many new missions, with texts as people write them: no two alike.
pub(super) fn missions(first: u64, number: u64) -> Value {
    let mission = |n: u64| {
        let hour = n % 20;
        let note: String =
            (0..40).map(|word| format!("{:x} ", (n * 40 + word) * 2_654_435_761 % 65_521)).collect();
        json!({
            "title": format!("Montage {n}"), "location": format!("Salle {}", n % 97), "note": note,
            "start_at": format!("2030-{:02}-{:02}T{hour:02}:00:00Z", n / 28 % 12 + 1, n % 28 + 1),
            "end_at": format!("2030-{:02}-{:02}T{:02}:00:00Z", n / 28 % 12 + 1, n % 28 + 1, hour + 3),
            "role": "lumiere",
        })
    };
    (first..first + number).map(mission).collect()
}

fn text(object: &Value, member: &str) -> Result<String> {
    Ok(object[member].as_str().with_context(|| format!("no {member} in {object}"))?.to_owned())
}
