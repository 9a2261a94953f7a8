//! What every test stands on: a database of its own, the real router, a clock that stands still, seeded randomness,
//! and people to act as.

mod audit;
mod browser;
pub mod by_org;
pub mod calendars;
pub mod contract;
mod database;
mod personas;
mod server;
mod smtp;
pub mod source;

pub use crate::operations::{Operation, Sample, operations};
pub use browser::{Browser, Scripts};
pub use database::{Kind, TestDatabase};
/// Runs requests side by side; their outcomes in order.
pub use futures_util::future::join_all as together;
pub use personas::{Heard, Outcome, Persona};
pub use server::{AT_MOST, Server};
pub use smtp::{Received, Smtp};

use coulisses::{
    app::{self, Later},
    clock::Clock,
    config::Config,
    db::Origin,
    ids::{AccountId, OrgId, UserId},
    mail::Mailer,
    outbox::{Asked, MailKind, Outbox},
    random::Random,
    resources::{
        accounts::{self, links},
        orgs::{self, NewMember, OrgForm},
        users::{self, NewUser},
    },
    role::Role,
    state::App,
    text::{Email, EmailKey, Name, ZoneName},
    timestamp::Timestamp,
};
use serde_json::Value as Json;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicU32, Ordering},
};

/// The instant at which every test begins: a Wednesday morning in summer.
pub const NOW: &str = "2026-07-01T08:00:00Z";
/// The password of every persona.
pub const PASSWORD: &str = "quatre saisons au théâtre";

/// A running program with one org, its personas, and a second org that must stay invisible.
pub struct Test {
    /// The program's state.
    pub app: App,
    /// Its router, as `serve` serves it.
    pub router: axum::Router,
    /// The clock; move it with `set`.
    pub clock: Clock,
    /// The org that the personas belong to.
    pub org: OrgId,
    /// Another one.
    pub other_org: OrgId,
    /// The person that the tech persona is.
    pub tech_user: UserId,
    numbers: AtomicU32,
    database: database::TestDatabase,
}

impl Test {
    /// With the default settings.
    pub async fn start(kind: Kind) -> Self {
        Self::start_with(kind, &[]).await
    }

    /// With some settings changed.
    pub async fn start_with(kind: Kind, variables: &[(&str, &str)]) -> Self {
        Self::start_later(kind, variables, Later::default()).await
    }

    /// With subscribers and handlers of the test. Mail is sent only where SMTP_URL or MAIL_DIR says where it goes.
    pub async fn start_later(kind: Kind, variables: &[(&str, &str)], mut later: Later) -> Self {
        if !variables.iter().any(|(name, _)| matches!(*name, "SMTP_URL" | "MAIL_DIR")) {
            later.mailer = Some(Mailer::nowhere());
        }
        let database = database::TestDatabase::create(kind).await;
        let mut settings: HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        settings.insert("DATABASE_URL".into(), database.url.clone());
        if settings.contains_key("PUBLIC_URL") {
            // Where others can come, the secrets in the source are refused.
            settings.entry("SECRET_KEY".into()).or_insert("a test's secret key 0123456789abcdef".into());
            settings.entry("INVITES_SECRET".into()).or_insert("a test's invites secret 0123456789".into());
        }
        // A debug build on a busy machine is slower than the default patience allows for.
        settings.entry("DB_ACQUIRE_TIMEOUT_MS".into()).or_insert("20000".into());
        settings.entry("REQUEST_TIMEOUT_SECONDS".into()).or_insert("60".into());
        let config =
            Config::from_lookup(&|name| settings.get(name).cloned()).expect("the test's configuration");
        let clock = Clock::fixed(NOW.parse().expect("NOW is an instant"));
        let app = app::start_with(config, clock.clone(), Random::seeded(7), later).await;
        let app = app.expect("the program starts");
        let (org, other_org, tech_user) = populate(&app).await;
        let router = app::service(app.clone());
        Self { router, app, clock, org, other_org, tech_user, numbers: AtomicU32::new(1), database }
    }

    /// Another instance sends mail if this one does.
    fn later(&self) -> Later {
        Later { mailer: (!self.app.outbox.can_send()).then(Mailer::nowhere), ..Later::default() }
    }

    /// A second instance over the same database, as after a restart or on another machine.
    pub async fn second_instance(&self) -> axum::Router {
        self.second_instance_with((*self.app.config).clone()).await
    }

    /// One on a machine with a clock of its own, over the same database.
    pub async fn instance_at(&self, clock: Clock) -> App {
        let config = (*self.app.config).clone();
        let app = app::start_with(config, clock, Random::seeded(9), self.later()).await;
        let app = app.expect("another instance starts");
        open_all_connections(&app).await;
        app
    }

    /// The same with other settings.
    pub async fn second_instance_with(&self, config: Config) -> axum::Router {
        let app = app::start_with(config, self.clock.clone(), Random::seeded(8), self.later()).await;
        let app = app.expect("a second instance starts");
        open_all_connections(&app).await;
        app::service(app)
    }

    /// Opens every connection of the pool. In a race nobody may have to wait for one to open: the first would be done
    /// before the others begin.
    pub async fn open_all_connections(&self) {
        open_all_connections(&self.app).await;
    }

    /// What a mail would carry, made as a request for it makes it, but as often as a test likes.
    pub async fn reset_token(&self, email: &str) -> String {
        let (app, email) = (&self.app, EmailKey::of(email));
        let account =
            accounts::by_email(&app.db, &email).await.expect("accounts are read").expect("an account");
        let tx = app.db.write(Origin::system()).await.expect("a transaction");
        let token = app.tokens.password_link(tx.new_id(), 0);
        links::issue_reset(&tx, account.id, &token).await.expect("a token");
        tx.commit().await.expect("the token is stored");
        token
    }

    /// Queues a mail, although this test sends none.
    pub async fn queue_mail(&self, org: &str, invitation: &str, user: &str, address: &str) {
        self.queue_mails(org, &[invitation], user, address).await;
    }

    /// The same of many invitations: they are one mail.
    pub async fn queue_mails(&self, org: &str, invitations: &[&str], user: &str, address: &str) {
        let org = org.parse().expect("an org");
        let asked = |invitation: &&str| Asked {
            invitation: invitation.parse().expect("an invitation"),
            user: user.parse().expect("a user"),
            address: address.to_owned(),
        };
        let asked = invitations.iter().map(asked).collect();
        let tx = self.app.db.write(Origin::system()).await.expect("a transaction");
        let outbox = Outbox::new(Some(std::time::Duration::ZERO));
        outbox.queue_calls(&tx, org, MailKind::Calls, asked).await.expect("it is queued");
        let unsent = "DELETE FROM jobs WHERE kind = 'mail'";
        sea_orm::ConnectionTrait::execute_unprepared(&tx, unsent).await.expect("nobody sends it");
        tx.commit().await.expect("it is stored");
    }

    /// The refresh token of a new session of this login.
    pub async fn refresh_token(&self, email: &str) -> String {
        let signed_in = self.pending(email).await;
        let session = self.app.tokens.read_access(signed_in.token()).expect("claims").sid;
        self.app.tokens.refresh(session, 0, at(NOW).plus_seconds(86_400)).expect("a refresh token")
    }

    /// Another number each time, so that names and times differ.
    pub fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes up the memberships of this login, as if its owner had been sent a link.
    pub async fn prove(&self, email: &str) {
        let account =
            format!("(SELECT id FROM accounts WHERE email_key = '{}')", EmailKey::of(email).as_str());
        let prove =
            "UPDATE org_memberships SET proven_at = created_at WHERE proven_at IS NULL AND account_id";
        self.execute(&format!("{prove} = {account}")).await;
    }

    /// Waits for what goes on behind answers, and does what is due.
    pub async fn settle(&self) {
        self.app.tasks.close();
        self.app.tasks.wait().await;
        self.app.tasks.reopen();
        self.app.worker.work_off().await.expect("what is due");
    }

    /// Moves the clock forward, or back.
    pub fn pass_seconds(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    /// Nobody.
    pub fn anonymous(&self) -> Persona<'_> {
        Persona::anonymous(self)
    }

    /// A technician, linked to [`Test::tech_user`].
    pub async fn tech(&self) -> Persona<'_> {
        Persona::sign_in(self, "tech@rideau.example").await
    }

    /// A planner.
    pub async fn manager(&self) -> Persona<'_> {
        Persona::sign_in(self, "manager@rideau.example").await
    }

    /// An administrator.
    pub async fn admin(&self) -> Persona<'_> {
        Persona::sign_in(self, "admin@rideau.example").await
    }

    /// The owner.
    pub async fn owner(&self) -> Persona<'_> {
        Persona::sign_in(self, "owner@rideau.example").await
    }

    /// The owner of the other org.
    pub async fn other_owner(&self) -> Persona<'_> {
        Persona::sign_in(self, "owner@other.example").await
    }

    /// Whoever has this login, in the org of its domain.
    pub async fn signed_in(&self, email: &str) -> Persona<'_> {
        Persona::sign_in(self, email).await
    }

    /// Whoever has this login, with a session in the org of its domain although their membership may be pending.
    pub async fn pending(&self, email: &str) -> Persona<'_> {
        Persona::pending(self, email).await
    }

    /// Runs a query, for what no endpoint shows; each row's columns as JSON.
    pub async fn rows(&self, sql: &str) -> Vec<Json> {
        use sea_orm::{ConnectionTrait, FromQueryResult, JsonValue, Statement};
        let statement = Statement::from_string(self.app.db.get_database_backend(), sql);
        JsonValue::find_by_statement(statement).all(&self.app.db).await.expect(sql)
    }

    /// Changes rows as no endpoint can.
    pub async fn execute(&self, sql: &str) {
        use sea_orm::ConnectionTrait;
        self.app.db.execute_unprepared(sql).await.expect(sql);
    }

    /// Waits until some transaction on this PostgreSQL database waits for a lock.
    pub async fn until_a_lock_is_waited_for(&self) {
        let waiting = "SELECT count(*) AS n FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// The number that a `SELECT count(*) AS n` gives.
    pub async fn count(&self, sql: &str) -> i64 {
        use sea_orm::{ConnectionTrait, Statement};
        let statement = Statement::from_string(self.app.db.get_database_backend(), sql);
        let row = self.app.db.query_one_raw(statement).await.expect(sql).expect("a row");
        row.try_get("", "n").expect("a column n with a number")
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            contract::check_calls();
            by_org::check();
            self.database.check_no_job_is_left();
        }
    }
}

async fn open_all_connections(app: &App) {
    let snapshots = together((0..app.config.pool.max_connections).map(|_| app.db.read())).await;
    assert!(snapshots.iter().all(Result::is_ok), "every connection opens");
}

async fn populate(app: &App) -> (OrgId, OrgId, UserId) {
    let hash = database::password_hash().await;
    let tx = app.db.write(Origin::system()).await.expect("a transaction");
    let mut ids = Vec::new();
    for (name, domain) in [("Théâtre du Rideau", "rideau"), ("Other House", "other")] {
        let new = OrgForm::named(Name::stored(name), ZoneName::stored("Europe/Paris"));
        let org = orgs::create(&tx, new).await.expect("an org");
        for role in [Role::Owner, Role::Admin, Role::Manager, Role::Tech] {
            let email = Email::parse(&format!("{role}@{domain}.example")).expect("an e-mail");
            let new = NewMember { email, role, user_id: None };
            let (member, _) =
                orgs::add_member(&tx, orgs::LinkBy::Hand(&app.random), org, new).await.expect("a member");
            if role == Role::Tech {
                ids.push(tech_person(&tx, org, member.account_id).await);
            }
        }
        ids.push(org.0.into());
    }
    set_passwords(&tx, hash).await;
    tx.commit().await.expect("the personas are stored");
    (ids[1].0.into(), ids[3].0.into(), ids[0])
}

async fn tech_person(tx: &coulisses::db::Tx, org: OrgId, account: AccountId) -> UserId {
    let new = NewUser::named(Name::parse("Théo Technicien").expect("a name"));
    users::create(tx, org, new, Some(account)).await.expect("a person").id
}

async fn set_passwords(tx: &coulisses::db::Tx, hash: String) {
    use coulisses::auth::entity::account;
    use sea_orm::{EntityTrait, sea_query::Expr};
    account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(hash))
        .exec(tx)
        .await
        .expect("passwords are set");
}

/// An instant, for readable tests.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}
