//! The transaction of every request that writes ([`RequestTx`]), and its `Idempotency-Key`: a client that lost the response to a POST repeats the request and gets the first response, whatever
//! happened since, instead of doing the work twice.
//!
//! The key is claimed at the beginning of the write's transaction and the response stored at its end, so both exist exactly
//! when the work does. A second request with the key waits for that transaction (PostgreSQL: on the row of the key; SQLite:
//! in the queue of writers). Responses are encrypted: some carry a token that is stored nowhere else.

use super::{
    Answer, Description, RequestInfo, Tagged, TakenBack,
    answer::Rendered,
    idempotency_table as table,
    refusal::{IdempotencyInProgress, IdempotencyKeyReused, PreconditionFailed},
    verbs,
};
use crate::{
    db::{Actor, Database, OfOrg, Origin, Tx},
    error::{Error, FailureKind, Replayed},
    ids::OrgId,
    random::Random,
    seal::Seal,
};
use axum::{
    http::{HeaderName, request::Parts},
    response::IntoResponse,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{ops::Deref, time::Duration};
use utoipa::openapi::{
    ObjectBuilder, Required,
    path::{HttpMethod, ParameterBuilder, ParameterIn},
    schema::Type,
};
use uuid::Uuid;

pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks a replayed response.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const MAX_KEY_BYTES: usize = 255;

/// A POST takes a key, unless it signs in or out, sets a password, or keeps nothing ([`TakenBack`]).
pub(super) fn describe(operation: &mut Description) {
    let signs_in = operation.path.starts_with("/auth/");
    if operation.method != HttpMethod::Post || signs_in || operation.keeps_nothing {
        return;
    }
    let key = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[!-~]{1,255}$"));
    let header = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(key))
        .description(Some(
            "1 to 255 visible ASCII characters. The same key, caller, path and body within a day give the first answer again.",
        ));
    operation.parameter(header.build());
    operation.response_header("200", "Idempotency-Replayed", "`true`: this answer was given before.");
    operation.refuses(&["validation_failed", IdempotencyInProgress::CODE, IdempotencyKeyReused::CODE]);
}

/// A request's key, and what a repetition of the request must match.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: String,
    path: String,
    request_hash: Vec<u8>,
}

impl IdempotencyKey {
    /// The key in the header, if there is one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the header is malformed or repeated.
    pub fn of(parts: &Parts, body: &[u8]) -> Result<Option<Self>, Error> {
        let mut sent = parts.headers.get_all(&HEADER).iter();
        let Some(key) = sent.next() else { return Ok(None) };
        let visible = |key: &&[u8]| key.iter().all(u8::is_ascii_graphic);
        let key = Some(key.as_bytes()).filter(|key| (1..=MAX_KEY_BYTES).contains(&key.len())).filter(visible);
        match (key.and_then(|key| std::str::from_utf8(key).ok()), sent.next()) {
            (Some(key), None) => {
                let query = parts.uri.query().unwrap_or_default();
                let request_hash =
                    Sha256::new().chain_update(query).chain_update(b"\0").chain_update(body).finalize();
                let path = verbs::public_path(parts.uri.path()).into_owned();
                Ok(Some(Self { key: key.to_owned(), path, request_hash: request_hash.to_vec() }))
            }
            _ => Err(Error::invalid(
                "/Idempotency-Key",
                format!("must be one header of 1 to {MAX_KEY_BYTES} visible ASCII characters"),
            )),
        }
    }
}

/// Whether the caller may still write; checked when the transaction begins and before it is committed.
pub trait AuthorityCheck: Send {
    /// Checks in the transaction that begins: it may have waited for others, and a removal takes effect at once.
    fn check_at_begin(&self, tx: &Tx) -> impl Future<Output = Result<(), Error>> + Send;

    /// Checks again before the commit, because the write may have waited for locks.
    fn check_before_commit(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A request's transaction: a [`Tx`] that also stores the response if the request has a key, and that does not commit while
/// a condition of the request is unchecked.
pub struct RequestTx<S> {
    tx: Tx,
    claim: Option<Claim>,
    request: RequestInfo,
    authority_check: Option<S>,
}

struct Claim {
    row: table::Model,
    seal: Seal,
    random: Random,
    /// How long a response is given again.
    kept: Duration,
}

impl<S> Deref for RequestTx<S> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl<S: AuthorityCheck> RequestTx<S> {
    /// Opens the transaction and claims the request's key in it.
    ///
    /// # Errors
    /// [`Error::Replayed`] when the request was answered before; [`IdempotencyKeyReused`]; [`IdempotencyInProgress`]; those
    /// of [`AuthorityCheck`] or [`Database::write`].
    pub async fn begin(
        db: &Database,
        (org, origin): (OrgId, Origin),
        request: &RequestInfo,
        (seal, random, kept): (&Seal, &Random, Duration),
        authority_check: Option<S>,
    ) -> Result<Self, Error> {
        let caller: Option<Uuid> = match origin.actor {
            Actor::Account(id) => Some(id.0),
            Actor::Invitation(id) => Some(id.0),
            Actor::System => None,
        };
        // From here on it waits in the queue of writers.
        request.end_turn();
        let tx = db.write(Origin { tenant: Some(org), ..origin }).await?;
        if let Some(authority_check) = &authority_check {
            authority_check.check_at_begin(&tx).await?;
        }
        let request = request.clone();
        let (Some(key), Some(caller_id)) = (request.idempotency_key(), caller) else {
            return Ok(Self { tx, claim: None, request, authority_check });
        };
        let row = table::Model {
            org_id: org,
            caller_id,
            path: key.path.clone(),
            key: key.key.clone(),
            request_hash: key.request_hash.clone(),
            answer: Vec::new(),
            created_at: tx.now,
        };
        let claim = Claim { row, seal: seal.clone(), random: random.clone(), kept };
        if !claim.take(&tx).await? {
            let given = claim.answer_given(&tx).await?;
            if let Some(authority_check) = authority_check {
                authority_check.check_before_commit().await?;
            }
            return Err(given);
        }
        Ok(Self { tx, claim: Some(claim), request, authority_check })
    }

    async fn commit(self, response: &Rendered) -> Result<(), Error> {
        if self.request.has_unchecked_condition() {
            return Err(PreconditionFailed.into());
        }
        if let Some(claim) = self.claim {
            claim.keep(&self.tx, response).await?;
        }
        // Last, because the write may have waited for locks.
        if let Some(authority_check) = self.authority_check {
            authority_check.check_before_commit().await?;
        }
        self.tx.commit().await
    }

    /// Stores the response, commits, and responds with one object and its `ETag`.
    ///
    /// # Errors
    /// As [`RequestTx::commit_tagged`].
    pub async fn commit_object<T: Serialize>(self, object: &T) -> Result<Tagged<T>, Error> {
        self.commit_tagged(Tagged::of(object)?).await
    }

    /// The same with this response.
    ///
    /// # Errors
    /// [`PreconditionFailed`] when the request has a condition that was not checked; those of
    /// [`AuthorityCheck::check_before_commit`] or [`Tx::commit`].
    pub async fn commit_tagged<T: Serialize>(self, answer: Tagged<T>) -> Result<Tagged<T>, Error> {
        self.commit(answer.rendered()).await?;
        Ok(answer)
    }

    /// Takes everything back, and responds with what was found out.
    ///
    /// # Errors
    /// When the value cannot be serialised, which is a defect.
    pub fn take_back_with<T: Serialize>(self, value: &T) -> Result<TakenBack<T>, Error> {
        TakenBack::of(value)
    }

    /// The same for anything else, without an `ETag`.
    ///
    /// # Errors
    /// As [`RequestTx::commit_tagged`].
    pub async fn commit_value<T: Serialize + ?Sized>(self, value: &T) -> Result<Answer<T>, Error> {
        let answer = Answer::of(value)?;
        self.commit(answer.rendered()).await?;
        Ok(answer)
    }
}

impl Claim {
    /// Claims the key; false when it is taken and has not expired.
    async fn take(&self, tx: &Tx) -> Result<bool, Error> {
        let expired = tx.now.minus(self.kept);
        let columns =
            [table::Column::OrgId, table::Column::CallerId, table::Column::Path, table::Column::Key];
        let mut insert = table::Entity::insert(self.row.clone().into_active_model()).into_query();
        insert.on_conflict(
            OnConflict::columns(columns)
                .update_columns([table::Column::RequestHash, table::Column::Answer, table::Column::CreatedAt])
                .action_and_where(Expr::col((table::Entity, table::Column::CreatedAt)).lte(expired))
                .to_owned(),
        );
        match tx.execute(&insert).await {
            Ok(done) => Ok(done.rows_affected() == 1),
            // Another transaction holds the key for longer than the lock timeout.
            Err(error) if FailureKind::of(&error) == FailureKind::Contended => {
                Err(IdempotencyInProgress.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The result for a request whose key is taken.
    async fn answer_given(&self, tx: &Tx) -> Result<Error, Error> {
        let Self { row, seal, .. } = self;
        let id = (row.org_id, row.caller_id, row.path.clone(), row.key.clone());
        // Missing only if it had just expired: the client may try again.
        let kept = table::Entity::find_by_id(id).one(tx).await?.ok_or(IdempotencyInProgress)?;
        if kept.request_hash != row.request_hash {
            return Ok(IdempotencyKeyReused.into());
        }
        let answer = seal.open(&self.context(), &kept.answer).and_then(|plain| Rendered::from_stored(&plain));
        let Some(answer) = answer else { return Ok(IdempotencyKeyReused.into()) };
        let replayed = move || ([(REPLAYED, "true")], answer.clone()).into_response();
        Ok(Error::Replayed(Replayed::new(replayed)))
    }

    async fn keep(&self, tx: &Tx, answer: &Rendered) -> Result<(), Error> {
        let sealed = self.seal.close(&self.random, &self.context(), &answer.to_stored())?;
        table::Entity::update_of(self.row.org_id)
            .set(table::ActiveModel { answer: Set(sealed), ..Default::default() })
            .filter(table::Column::CallerId.eq(self.row.caller_id))
            .filter(table::Column::Path.eq(&self.row.path))
            .filter(table::Column::Key.eq(&self.row.key))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Binds a response to its caller: a row copied to another caller cannot be decrypted.
    fn context(&self) -> Vec<u8> {
        let Self { row, .. } = self;
        [row.org_id.0.as_bytes(), row.caller_id.as_bytes(), row.path.as_bytes(), b"\0", row.key.as_bytes()]
            .concat()
    }
}

/// Deletes responses that are older than `kept`; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn forget_old_answers(db: &Database, kept: Duration) -> Result<u64, Error> {
    let tx = db.write(Origin::system()).await?;
    let oldest = tx.now.minus(kept);
    let done = table::Entity::delete_many().filter(table::Column::CreatedAt.lte(oldest)).exec(&tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected)
}
