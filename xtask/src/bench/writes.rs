//! Writing: answers by link, and a thousand missions at once.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::bar::Bar;
use super::load::{Counted, Load, Request};
use super::site::Site;
use super::stage::Stage;

/// Links that are made with one request, at most.
const AT_ONCE: usize = 1000;
/// People to answer while both are warmed up, for each.
const TO_WARM: usize = 6000;
/// A round may be so much faster than the one that warmed up.
const RESERVE: f64 = 2.0;
/// Where the numbers of the people begin, far behind those of the lists.
const FIRST: u64 = 20_000_000;

/// People who say yes by their links, each once.
pub(super) fn accept(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    // How many are needed shows when the first of them answer.
    let (mut floor, mut product) = answers(stage, site, FIRST, (TO_WARM, TO_WARM))?;
    let rates = (stage.warm(&mut floor)?.rate(), stage.warm(&mut product)?.rate());
    let needed = |rate: f64| (rate * RESERVE * stage.seconds()) as usize + AT_ONCE;
    let (mut floor, mut product) =
        answers(stage, site, FIRST + 1_000_000, (needed(rates.0), needed(rates.1)))?;
    let figures = stage.in_turn((&mut floor, &mut product), Counted::rate)?;
    Ok(Bar::of_floor("accept by link, PostgreSQL", figures, 0.50))
}

/// So many people for the floor and for the product, with their links.
fn answers(stage: &Stage<'_>, site: &Site, first: u64, people: (usize, usize)) -> Result<(Load, Load)> {
    let all = people.0 + people.1;
    let (filled, token) = site.add(stage, &format!("calls --missions {all} --first {first}"))?;
    let url = site.api("/invitations:bulk_create");
    let mut links = Vec::with_capacity(all);
    for calls in filled.assignments.chunks(AT_ONCE) {
        let calls: Vec<_> = calls.iter().map(|id| json!({ "assignment_id": id })).collect();
        let made = stage.http.post(&url, Some(&token), &calls.into())?;
        let made = made.as_array().context("no links were made")?;
        let text = |link: &Value, name: &str| link[name].as_str().unwrap_or_default().to_owned();
        links.extend(made.iter().map(|link| (text(link, "id"), text(link, "token"))));
    }
    let (floor, product) = links.split_at(people.0);
    let org = &filled.orgs[0];
    let floor = floor.iter().map(|(id, _)| Request::post(format!("/accept/{org}/{id}"), "", "{}".into()));
    let product = product.iter().map(|(id, token)| {
        Request::post(format!("/api/v1/invitations/{id}/accept"), "", json!({ "token": token }).to_string())
    });
    Ok((
        Load::once(stage.file("accept-floor.txt"), &site.floor, floor)?,
        Load::once(stage.file("accept-product.txt"), &site.product.url, product)?,
    ))
}

/// A thousand missions in one request.
pub(super) fn bulk(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    let (filled, token) = site.add(stage, &format!("calls --missions 1 --first {}", FIRST + 5_000_000))?;
    let (org, project) = (&filled.orgs[0], &filled.projects[0]);
    let mission = |n: usize| {
        json!({
            "title": format!("Montage lumière {n}"), "location": "Grande salle", "start_at": "2031-01-01T08:00:00Z",
            "end_at": "2031-01-01T12:00:00Z", "roles": [{ "role_name": "lumiere", "quota": 3 }],
        })
    };
    let body = Value::from((0..1000).map(mission).collect::<Vec<_>>()).to_string();
    let path = format!("/bulk/{org}/{project}");
    let mut floor =
        Load::again(stage.file("bulk-floor.txt"), &site.floor, [Request::post(path, "", body.clone())])?
            .stretched();
    let path = format!("/api/v1/projects/{project}/missions:bulk_create");
    let request = Request::post(path, &token, body);
    let mut product = Load::again(stage.file("bulk-product.txt"), &site.product.url, [request])?.stretched();
    stage.warm(&mut floor)?;
    stage.warm(&mut product)?;
    let figures = stage.in_turn((&mut floor, &mut product), Counted::rate)?;
    Ok(Bar::of_floor("missions:bulk_create of 1000", figures, 0.50))
}
