//! A theatre in Paris, its users, and three productions from next Monday on.

use super::{CliError, changes, festivals};
use crate::{
    auth::NewPassword,
    db::{Origin, Tx},
    error::Error,
    ids::{OrgId, ProjectId, UserId},
    locale::Locale,
    resources::{
        accounts::{self, links},
        assignments::{
            self, AlreadyAssigned, AssignmentStatus, Change, DecidedBy, NewAssignment, ScheduleConflict,
        },
        availabilities::{self, AvailabilityKind, NewAvailability},
        invitations::{self, Links, NewInvitation},
        missions::{self, Mission, MissionForm, NewMissionRole},
        orgs::{self, ContactForm, NewMember, OrgForm},
        projects::{self, NewProject, ProjectStatus},
        users::{self, EmploymentType, NewSkill, NewUser},
    },
    role::Role,
    state::App,
    text::{Email, EmailKey, Label, Name, Reason, ZoneName},
    timestamp::Timestamp,
};
use jiff::{ToSpan, civil, tz::TimeZone};

const THEATRE: &str = "Théâtre du Rideau Rouge";
const ZONE: &str = "Europe/Paris";

pub(super) const SIGN_INS: [(Role, &str); 3] = [
    (Role::Owner, "marion@rideau-rouge.example"),
    (Role::Manager, "karim@rideau-rouge.example"),
    (Role::Tech, "lea@rideau-rouge.example"),
];

/// First name, last name, first skill and its level, second skill. The first one has the tech account of [`SIGN_INS`].
const USERS: [(&str, &str, &str, i16, Option<&str>); 25] = [
    ("Léa", "Bœuf", "lumiere", 4, Some("video")),
    ("Amadou", "Traoré", "lumiere", 5, None),
    ("Élodie", "Lefèvre", "lumiere", 3, Some("pupitre")),
    ("Stéphane", "Garçon", "lumiere", 2, None),
    ("Chloé", "Nguyễn", "lumiere", 3, Some("plateau")),
    ("Jérôme", "Delacroix", "lumiere", 4, None),
    ("Inès", "Benali", "son", 5, Some("hf")),
    ("Mathieu", "Hébert", "son", 4, None),
    ("Noémie", "Çelik", "son", 3, Some("video")),
    ("Yann", "Le Goff", "son", 3, None),
    ("Aïcha", "Diallo", "son", 2, Some("plateau")),
    ("Benoît", "Marchand", "plateau", 5, Some("cintres")),
    ("Céline", "Roussel", "plateau", 4, None),
    ("Dmitri", "Volkov", "plateau", 3, Some("levage")),
    ("Estelle", "Piñero", "plateau", 4, None),
    ("François", "Müller", "plateau", 3, Some("machinerie")),
    ("Gwenaëlle", "Kerbrat", "plateau", 2, None),
    ("Hugo", "Ødegaard", "plateau", 3, None),
    ("Iris", "Szabó", "plateau", 4, Some("cintres")),
    ("Joël", "Tshibanda", "plateau", 5, None),
    ("Karine", "Abadie", "video", 4, Some("lumiere")),
    ("Loïc", "Prévost", "video", 3, None),
    ("Maëlle", "Joly", "habillage", 4, None),
    ("Noël", "Hamelin", "habillage", 3, None),
    ("Océane", "Faure", "accueil", 3, Some("habillage")),
];

/// Who is written to in English, by their place in [`USERS`].
const ENGLISH: usize = 13;

/// The demonstration's org, if this database has it: one of this name with its manager as a member.
pub(super) async fn find(app: &App) -> Result<Option<OrgId>, CliError> {
    let (_, manager) = SIGN_INS[1];
    let Some(account) = accounts::by_email(&app.db, &EmailKey::of(manager)).await? else { return Ok(None) };
    let memberships = accounts::memberships(&app.db, account.id).await?;
    Ok(memberships
        .into_iter()
        .find(|membership| membership.org_name == THEATRE)
        .map(|theatre| theatre.org_id))
}

/// Creates everything in one transaction, unless the database has an org.
pub(super) async fn fill_if_empty(app: &App, password: &str) -> Result<(), CliError> {
    if orgs::exist(&app.db).await? {
        return Ok(());
    }
    // Hashed before the transaction, so that it is not open meanwhile.
    let password = NewPassword::parse(password).map_err(|rule| CliError::Refused(rule.into()))?;
    let hash = app.passwords.hash(password, SIGN_INS[0].1, None).await?;
    let tx = app.db.write(Origin::system()).await?;
    let org = orgs::create(&tx, theatre()?).await?;
    let users = add_users(&tx, org).await?;
    for (role, email) in SIGN_INS {
        let user_id = (role == Role::Tech).then_some(users[0]);
        let new = NewMember { email: Email::parse(email).map_err(CliError::Refused)?, role, user_id };
        let (member, _) = orgs::add_member(&tx, orgs::LinkBy::Hand(&app.random), org, new).await?;
        links::replace_password(&tx, member.account_id, hash.clone()).await?;
    }
    let season = add_productions(&tx, app, org, &users).await?;
    festivals::plan(&tx, org, &users).await?;
    changes::happen(&tx, app, org, &season).await?;
    tx.commit().await?;
    Ok(app.db.analyze().await?)
}

/// Whoever plans is asked by telephone; answers to mails go to an office.
fn theatre() -> Result<OrgForm, CliError> {
    let email = |text| Email::parse(text).map_err(CliError::Refused);
    let (_, manager) = SIGN_INS[1];
    let contact = ContactForm {
        name: Some(name("Karim Haddad")?),
        // ARCEP keeps 01 99 00 for fiction.
        phone: Some(label("01 99 00 12 34")?),
        email: Some(email(manager)?),
    };
    let reply_to = Some(email("planning@rideau-rouge.example")?);
    Ok(OrgForm { contact, reply_to, ..OrgForm::named(name(THEATRE)?, ZoneName::stored(ZONE)) })
}

fn name(text: &str) -> Result<Name, CliError> {
    Name::parse(text).map_err(CliError::Refused)
}

fn label(text: &str) -> Result<Label, CliError> {
    Label::parse(text).map_err(CliError::Refused)
}

async fn add_users(tx: &Tx, org: OrgId) -> Result<Vec<UserId>, CliError> {
    let mut ids = Vec::with_capacity(USERS.len());
    for (i, (first, last, skill, level, second)) in USERS.into_iter().enumerate() {
        let mut skills = vec![NewSkill { skill: label(skill)?, level: Some(level) }];
        if let Some(skill) = second {
            skills.push(NewSkill { skill: label(skill)?, level: Some(2) });
        }
        let local = crate::text::fold(&format!("{first}.{last}")).replace(' ', "");
        let email = Email::parse(&format!("{local}@people.example")).map_err(CliError::Refused)?;
        let permanent = i % 6 == 5;
        let new = NewUser {
            email: Some(email),
            phone: Some(label(&format!("+33 6 00 00 00 {i:02}"))?),
            employment_type: if permanent { EmploymentType::Cdi } else { EmploymentType::Intermittent },
            skills,
            tags: vec![label(if permanent { "maison" } else { "vivier" })?],
            locale: (i == ENGLISH).then_some(Locale::English),
            ..NewUser::named(name(&format!("{first} {last}"))?)
        };
        ids.push(users::create(tx, org, new, None).await?.id);
    }
    Ok(ids)
}

/// A mission: title, days after the season's first Monday, from, to (maybe after midnight), mission roles with quotas.
struct Scheduled(&'static str, i64, (i8, i8), (i8, i8), &'static [(&'static str, i32)]);

const CYRANO: [Scheduled; 7] = [
    Scheduled("Montage lumière et son", 0, (9, 0), (18, 0), &[("lumiere", 3), ("son", 2), ("plateau", 4)]),
    Scheduled("Réglages", 1, (9, 0), (13, 0), &[("lumiere", 2), ("son", 1)]),
    Scheduled(
        "Répétition générale",
        1,
        (19, 0),
        (23, 30),
        &[("lumiere", 2), ("son", 1), ("plateau", 3), ("habillage", 1)],
    ),
    Scheduled(
        "Première",
        2,
        (18, 30),
        (23, 30),
        &[("lumiere", 2), ("son", 1), ("plateau", 3), ("habillage", 1)],
    ),
    Scheduled(
        "Représentation",
        3,
        (18, 30),
        (23, 30),
        &[("lumiere", 2), ("son", 1), ("plateau", 3), ("habillage", 1)],
    ),
    Scheduled(
        "Représentation",
        4,
        (18, 30),
        (23, 30),
        &[("lumiere", 2), ("son", 1), ("plateau", 3), ("habillage", 1)],
    ),
    Scheduled("Démontage", 5, (22, 0), (3, 0), &[("lumiere", 2), ("son", 1), ("plateau", 4)]),
];
const DANCE: [Scheduled; 3] = [
    Scheduled("Montage", 8, (9, 0), (17, 0), &[("lumiere", 2), ("son", 1), ("plateau", 2)]),
    Scheduled("La nuit de la danse", 9, (20, 0), (5, 0), &[("lumiere", 2), ("son", 2), ("video", 1)]),
    Scheduled("Démontage", 10, (9, 0), (13, 0), &[("plateau", 3)]),
];
const TOUR: [Scheduled; 4] = [
    Scheduled("Chargement du camion", 6, (8, 0), (11, 0), &[("plateau", 3)]),
    Scheduled("Sceaux : montage et jeu", 11, (9, 0), (23, 0), &[("lumiere", 1), ("son", 1), ("plateau", 2)]),
    Scheduled("Créteil : montage et jeu", 12, (9, 0), (23, 0), &[("lumiere", 1), ("son", 1), ("plateau", 2)]),
    Scheduled("Retour et déchargement", 13, (10, 0), (14, 0), &[("plateau", 3)]),
];

async fn add_productions(tx: &Tx, app: &App, org: OrgId, users: &[UserId]) -> Result<Vec<Mission>, CliError> {
    let mut season = Vec::new();
    for (title, status, place, schedule) in [
        ("Cyrano de Bergerac", ProjectStatus::Active, "Grande salle", &CYRANO[..]),
        ("La nuit de la danse", ProjectStatus::Draft, "Studio", &DANCE[..]),
        ("Tournée Île-de-France", ProjectStatus::Active, "En tournée", &TOUR[..]),
    ] {
        let new = NewProject { name: name(title)?, status, starts_at: None, ends_at: None, note: None };
        let project = projects::create(tx, org, new).await?;
        season.extend(add_missions(tx, org, project.id, place, schedule).await?);
    }
    let asked = staff(tx, org, users, &season).await?;
    override_conflict(tx, org, users, &season).await?;
    declare_availability(tx, org, users[0], &season[0]).await?;
    let new = NewInvitation { assignment_id: asked, email: None, answer_by: None };
    invitations::create(tx, org, new, &Links::of(app)).await?;
    Ok(season)
}

async fn add_missions(
    tx: &Tx,
    org: OrgId,
    project: ProjectId,
    place: &str,
    schedule: &[Scheduled],
) -> Result<Vec<Mission>, CliError> {
    let mut planned = Vec::new();
    for Scheduled(title, days, from, to, roles) in schedule {
        let (start_at, end_at) = period(tx.now, *days, *from, *to)?;
        let form = MissionForm {
            project_id: Some(project),
            title: Some(Name::stored(*title)),
            location: Some(Name::stored(place)),
            start_at,
            end_at,
            roles: roles.iter().map(|(role, quota)| NewMissionRole::of(role, Some(*quota)).into()).collect(),
            ..Default::default()
        };
        planned.push(missions::plan(form, ZONE).map_err(Error::Invalid)?);
    }
    Ok(missions::create_all(tx, org, planned).await?)
}

/// The season begins on the Monday after `now`; a mission whose `to` is before `from` ends on the next day.
fn period(
    now: Timestamp,
    days: i64,
    from: (i8, i8),
    to: (i8, i8),
) -> Result<(Timestamp, Timestamp), CliError> {
    let wrong = |error: jiff::Error| CliError::Refused(format!("the season cannot be placed: {error}"));
    let zone = TimeZone::get(ZONE).map_err(wrong)?;
    let today = now.in_zone(&zone).date();
    let monday = today.nth_weekday(1, civil::Weekday::Monday).map_err(wrong)?;
    let day = monday.checked_add(days.days()).map_err(wrong)?;
    let last = if to < from { day.tomorrow().map_err(wrong)? } else { day };
    let instant = |date: civil::Date, (hour, minute): (i8, i8)| {
        let zoned = date.at(hour, minute, 0, 0).to_zoned(zone.clone()).map_err(wrong)?;
        Timestamp::try_from(zoned.timestamp()).map_err(|error| CliError::Refused(error.to_string()))
    };
    Ok((instant(day, from)?, instant(last, to)?))
}

/// Invites users to the mission roles that they have the skill for; most accept, some decline, some do not answer. Returns
/// an unanswered assignment of the first user.
async fn staff(
    tx: &Tx,
    org: OrgId,
    users: &[UserId],
    season: &[Mission],
) -> Result<crate::ids::AssignmentId, CliError> {
    let mut open = None;
    let mut turn = 0_usize;
    for mission in season {
        for role in &mission.roles {
            let able: Vec<usize> = (0..USERS.len())
                .filter(|&i| USERS[i].2 == role.role_name || USERS[i].4 == Some(role.role_name.as_str()))
                .collect();
            let wanted = usize::try_from(role.quota.unwrap_or(1)).unwrap_or(1);
            for i in 0..wanted.min(able.len()) {
                let index = able[(turn + i) % able.len()];
                let new = NewAssignment {
                    mission_id: mission.id,
                    user_id: users[index],
                    status: AssignmentStatus::Invited,
                    role_name: Some(label(&role.role_name)?),
                    note: None,
                    override_reason: None,
                };
                let asked = match assignments::create(tx, org, new).await {
                    Ok(asked) => asked.id,
                    // Has the skills for two roles of the mission, and was already invited to the other one.
                    Err(error) if error.is::<AlreadyAssigned>() => continue,
                    Err(error) => return Err(error.into()),
                };
                if index == 0 && open.is_none() {
                    open = Some(asked);
                } else {
                    answer(tx, org, asked, turn + i).await?;
                }
            }
            turn += wanted;
        }
    }
    open.ok_or_else(|| CliError::Refused("the season has no call for the first person".into()))
}

/// Of ten, seven accept, one declines, and two do not answer.
async fn answer(tx: &Tx, org: OrgId, asked: crate::ids::AssignmentId, turn: usize) -> Result<(), CliError> {
    let (status, decline_reason) = match turn % 10 {
        3 => (AssignmentStatus::Declined, Some("Déjà en tournée ce jour-là".to_owned())),
        5 | 8 => return Ok(()),
        _ => (AssignmentStatus::Accepted, None),
    };
    let held = assignments::lock_for_no_key_update(tx, org, asked).await?;
    match assignments::set_status(
        tx,
        held,
        Change { status, override_reason: None, decline_reason, by: DecidedBy::Planner },
    )
    .await
    {
        // The assignment stays invited.
        Ok(_) => Ok(()),
        Err(error) if error.is::<ScheduleConflict>() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The one overridden conflict: the chief machinist follows a meeting from the stage.
async fn override_conflict(
    tx: &Tx,
    org: OrgId,
    users: &[UserId],
    season: &[Mission],
) -> Result<(), CliError> {
    let chief = users[19];
    let reason = Reason::parse_optional("Suit la réunion depuis le plateau, remplacé en cas de besoin")
        .map_err(CliError::Refused)?;
    let (start_at, end_at) = (season[0].start_at, season[0].end_at);
    let meeting = MissionForm {
        project_id: season[0].project_id,
        title: Some(Name::stored("Réunion technique")),
        location: Some(Name::stored("Foyer")),
        start_at: start_at.plus_seconds(3600),
        end_at,
        ..Default::default()
    };
    let meeting = missions::create(tx, org, missions::plan(meeting, ZONE).map_err(Error::Invalid)?).await?;
    for mission_id in [season[0].id, meeting.id] {
        let new = NewAssignment {
            mission_id,
            user_id: chief,
            status: AssignmentStatus::Accepted,
            role_name: None,
            note: None,
            override_reason: reason.clone(),
        };
        match assignments::create(tx, org, new).await {
            Ok(_) => {}
            Err(error) if error.is::<AlreadyAssigned>() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn declare_availability(
    tx: &Tx,
    org: OrgId,
    user_id: UserId,
    mission: &Mission,
) -> Result<(), CliError> {
    let (start_at, end_at) = (mission.start_at, mission.start_at.plus_seconds(5 * 86_400));
    availabilities::create(
        tx,
        org,
        NewAvailability {
            user_id,
            kind: AvailabilityKind::Available,
            start_at,
            end_at,
            note: None,
            repeat: None,
        },
    )
    .await?;
    Ok(())
}
