//! Reading: prepared answers, one mission, a hundred missions.

use anyhow::{Context, Result, ensure};

use super::bar::Bar;
use super::load::{Counted, Load, Request};
use super::site::Site;
use super::stage::{Filled, Stage};
use crate::server::Server;

/// A list that comes from the cache, against the floor that has as many bytes ready.
pub(super) fn hit(
    stage: &Stage<'_>,
    name: &str,
    site: &Site,
    product: &Server,
    at_least: f64,
) -> Result<Bar> {
    let token = &site.tokens[0];
    let path = "/api/v1/missions?limit=100";
    let size = cached(stage, product, path, token)?;
    let floor = format!("/hit/{}?n={size}", site.filled.orgs[0]);
    let mut floor = Load::again(stage.file("hit-floor.txt"), &site.floor, [Request::get(floor, "")])?;
    let mut product = hits(stage, product, path, token)?;
    stage.warm(&mut floor)?;
    stage.warm(&mut product)?;
    Ok(Bar::of_floor(name, stage.in_turn((&mut floor, &mut product), Counted::rate)?, at_least))
}

/// How many bytes a list has that was read before; warns when no cache says so.
fn cached(stage: &Stage<'_>, product: &Server, path: &str, token: &str) -> Result<usize> {
    let url = format!("{}{path}", product.url);
    stage.http.get(&url, token)?;
    let read = stage.http.get(&url, token)?;
    match read.cache.as_deref() {
        Some("HIT") => {}
        Some(other) => println!("warning: the second read of a list is a {other}, not a HIT"),
        None => println!("warning: no X-Cache header: lists are not cached, the bars of HIT measure reading"),
    }
    Ok(read.body.len())
}

fn hits(stage: &Stage<'_>, product: &Server, path: &str, token: &str) -> Result<Load> {
    Load::again(stage.file("hit-product.txt"), &product.url, [Request::get(path.to_owned(), token)])
}

/// For information: the floor without a database.
pub(super) fn bytes(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    let path = "/bytes?n=50000".to_owned();
    let mut load = Load::again(stage.file("bytes.txt"), &site.floor, [Request::get(path, "")])?;
    stage.warm(&mut load)?;
    let rate = load.run(&stage.wrk, 2)?.rate();
    Ok(Bar::told("the floor without a database, 50 kB", "requests/s", Some(rate)))
}

/// One mission of many, in all orgs.
pub(super) fn one(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    let (org, id) = site.filled.missions.first().context("there are no missions")?;
    same(
        stage,
        &format!("{}/get/{}/{id}", site.floor, site.filled.orgs[*org]),
        &site.api(&format!("/missions/{id}")),
        &site.tokens[*org],
    )?;
    let mut product = ones(stage, site, "get-product.txt")?;
    let floor = site.filled.missions.iter();
    let floor = floor.map(|(org, id)| Request::get(format!("/get/{}/{id}", site.filled.orgs[*org]), ""));
    let mut floor = Load::again(stage.file("get-floor.txt"), &site.floor, floor)?;
    stage.warm(&mut floor)?;
    stage.warm(&mut product)?;
    let figures = stage.in_turn((&mut floor, &mut product), Counted::rate)?;
    Ok(Bar::of_floor("GET /missions/{id}, PostgreSQL", figures, 0.60))
}

/// Requests for single missions.
pub(super) fn ones(stage: &Stage<'_>, site: &Site, file: &str) -> Result<Load> {
    let requests = site.filled.missions.iter();
    let requests =
        requests.map(|(org, id)| Request::get(format!("/api/v1/missions/{id}"), &site.tokens[*org]));
    Load::again(stage.file(file), &site.product.url, requests)
}

/// Lists that nobody asked for before.
pub(super) fn miss(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    let (instant, seconds) = site.filled.instants.last().context("there are no instants")?;
    same(
        stage,
        &format!("{}/list/{}?from={seconds}000000&limit=100", site.floor, site.filled.orgs[0]),
        &site.api(&format!("/missions?limit=100&from={instant}.000000Z")),
        &site.tokens[0],
    )?;
    let mut product = misses(stage, site, "miss-product.txt")?;
    let floor = places(&site.filled).map(|(org, (_, seconds))| {
        Request::get(format!("/list/{}?from={seconds}{{n}}&limit=100", site.filled.orgs[org]), "")
    });
    let mut floor = Load::again(stage.file("miss-floor.txt"), &site.floor, floor)?;
    stage.warm(&mut floor)?;
    stage.warm(&mut product)?;
    let figures = stage.in_turn((&mut floor, &mut product), Counted::rate)?;
    Ok(Bar::of_floor("GET /missions, 100 rows, MISS, PostgreSQL", figures, 0.55))
}

/// Requests for a hundred missions, each from another microsecond.
pub(super) fn misses(stage: &Stage<'_>, site: &Site, file: &str) -> Result<Load> {
    let requests = places(&site.filled).map(|(org, (instant, _))| {
        Request::get(format!("/api/v1/missions?limit=100&from={instant}.{{n}}Z"), &site.tokens[org])
    });
    Load::again(stage.file(file), &site.product.url, requests)
}

/// Every org from every instant, one org after the other.
fn places(filled: &Filled) -> impl Iterator<Item = (usize, &(String, i64))> {
    let orgs = 0..filled.orgs.len();
    filled.instants.iter().flat_map(move |instant| orgs.clone().map(move |org| (org, instant)))
}

/// A thousand rows that were read before, against a thousand that were not.
pub(super) fn hit_against_miss(stage: &Stage<'_>, site: &Site) -> Result<Bar> {
    let (instant, _) = site.filled.instants.first().context("there are no instants")?;
    let token = &site.tokens[0];
    let path = format!("/api/v1/missions?limit=1000&from={instant}.{{n}}Z");
    let mut miss = Load::again(stage.file("miss-1000.txt"), &site.product.url, [Request::get(path, token)])?;
    let path = "/api/v1/missions?limit=1000";
    cached(stage, &site.product, path, token)?;
    let mut hit = hits(stage, &site.product, path, token)?;
    stage.warm(&mut miss)?;
    stage.warm(&mut hit)?;
    let figures = stage.in_turn((&mut miss, &mut hit), Counted::rate)?;
    Ok(Bar::faster("HIT against MISS, 1000 rows", figures, 5.0))
}

/// The floor is a measure only while it answers the same.
fn same(stage: &Stage<'_>, floor: &str, product: &str, token: &str) -> Result<()> {
    let (floor, product) = (stage.http.get(floor, token)?.body, stage.http.get(product, token)?.body);
    ensure!(
        floor == product,
        "the floor does not answer what the product does:\n{}\n{}",
        String::from_utf8_lossy(&floor),
        String::from_utf8_lossy(&product)
    );
    Ok(())
}

/// What the product's metrics and log lines cost: with all of it, against without.
pub(super) fn telemetry(stage: &Stage<'_>, site: &Site, (with, without): (&Server, &Server)) -> Result<Bar> {
    let path = "/api/v1/missions?limit=100";
    let token = &site.tokens[0];
    cached(stage, without, path, token)?;
    let mut quiet =
        Load::again(stage.file("quiet.txt"), &without.url, [Request::get(path.to_owned(), token)])?;
    let mut with = hits(stage, with, path, token)?;
    stage.warm(&mut quiet)?;
    stage.warm(&mut with)?;
    let figures = stage.in_turn((&mut quiet, &mut with), Counted::rate)?;
    Ok(Bar::against("with metrics and log lines, against without", "requests/s", figures))
}
