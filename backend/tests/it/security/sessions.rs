//! What sessions remember, and for how long.

use super::TECH;
use crate::support::{Kind, Test};
use coulisses::{
    db::Origin,
    ids::OrgId,
    resources::{
        accounts::{self, sessions},
        orgs::{self, OrgForm},
    },
    text::{EmailKey, Name, ZoneName},
};
use rstest::rstest;

const DAY: i64 = 24 * 3600;

#[rstest]
#[tokio::test]
async fn of_the_orgs_that_one_may_act_in_the_last_used_is_chosen(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let account = accounts::by_email(&test.app.db, &EmailKey::of(TECH)).await.unwrap().unwrap().id;
    let tx = test.app.db.write(Origin::system()).await.unwrap();
    let left = orgs::create(&tx, OrgForm::named(Name::stored("Left"), ZoneName::stored("Europe/Paris")))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for org in [test.org, test.other_org, left] {
        test.pass_seconds(1);
        let tx = test.app.db.write(Origin::system()).await.unwrap();
        sessions::start(&tx, account, org, DAY, None).await.unwrap();
        tx.commit().await.unwrap();
    }
    let last =
        async |orgs: &[OrgId]| sessions::last_org(&test.app.db, account, orgs.iter().copied()).await.unwrap();
    assert_eq!(last(&[test.org, test.other_org, left]).await, Some(left));
    assert_eq!(last(&[test.org, test.other_org]).await, Some(test.other_org));
    assert_eq!(last(&[]).await, None);
}

#[rstest]
#[tokio::test]
async fn a_session_is_forgotten_30_days_after_it_expired(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.tech().await;
    let kept = async || test.count("SELECT count(*) AS n FROM sessions").await;
    // It lives for a day.
    test.pass_seconds(31 * DAY - 1);
    assert_eq!(
        (sessions::forget_old(&test.app.db, test.app.config.retention.sessions).await.unwrap(), kept().await),
        (0, 1)
    );
    test.pass_seconds(1);
    assert_eq!(
        (sessions::forget_old(&test.app.db, test.app.config.retention.sessions).await.unwrap(), kept().await),
        (1, 0)
    );
}
