//! The integration tests: one binary, every body on SQLite and on PostgreSQL. The modules carry the names of the
//! brief's test groups, so `cargo xtask test auth_flow` runs one.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it must be"
)]

mod support;

mod access;
mod activity;
#[allow(non_snake_case, reason = "the names tell which server they need")]
mod app_in_Chromium;
mod app_shell;
mod archived;
mod assignments_uniqueness;
mod audit_log;
mod auth_flow;
mod authorities;
mod availabilities;
mod availability_changes;
mod availability_kinds;
mod availability_series;
mod availability_warnings;
mod bounds;
mod by_org;
mod cache;
mod calendar;
#[allow(non_snake_case, reason = "the names tell which programs they need")]
mod calendars_in_Readers;
mod candidates;
mod cli;
mod cli_messages;
mod commands;
mod conditions;
mod crew;
mod directions;
mod distributing;
mod documents;
mod edge;
mod events;
mod feeds;
#[allow(non_snake_case, reason = "the names tell which programs they need")]
mod feeds_in_Readers;
mod festival;
mod free_json;
#[allow(non_snake_case, reason = "the names tell which server they need")]
mod histories_over_Smtp;
mod idempotency;
mod idempotency_races;
mod invitations_flow;
mod invitations_lists;
mod invitations_reminders;
mod invitations_seen;
mod invitations_tokens;
mod jobs;
mod mail;
#[allow(non_snake_case, reason = "the names tell which server they need")]
mod mails_over_Smtp;
mod merge_patch;
mod methods;
mod metrics;
mod migrations;
mod migrators;
mod models_crud;
#[allow(non_snake_case, reason = "the names tell which server they need")]
mod mornings_over_Smtp;
mod obs;
mod odd_input;
mod openapi;
mod operations;
mod orgs;
mod outages;
mod outbox_lists;
mod own_account;
mod pages;
#[allow(non_snake_case, reason = "the names tell which server they need")]
mod pages_in_Chromium;
mod password_reset_flow;
mod planning;
mod planning_races;
mod privacy;
mod properties;
mod races;
mod rates;
mod rbac;
mod readiness;
mod refusals;
mod replay;
mod schedules;
mod searching;
mod security;
mod staffing;
mod statements;
mod transfer;
mod undo;
#[allow(non_snake_case, reason = "the names tell which server they need")]
mod undo_over_Smtp;
mod v1_endpoints;
mod waiting;
mod walk;
mod welcome_links;
