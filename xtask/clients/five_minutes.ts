// The five-minute walk of the README as a program, with types that are generated from the API's document.
//
// `cargo xtask clients` compiles it and runs it against a server with the season of `coulisses demo`:
// node five_minutes.js http://127.0.0.1:8000

import { deepStrictEqual, equal } from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Problem = components["schemas"]["Problem"];

/** Either what was asked for, or the problem that refused it. */
type Answer<T> = { data: T; error?: never } | { data?: never; error: Problem };

async function succeeded<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error } = await call;
  if (error !== undefined) {
    throw new Error(`${error.status} ${error.code}: ${error.detail}`);
  }
  return data;
}

async function refused<T>(call: Promise<Answer<T>>): Promise<Problem> {
  const { error } = await call;
  if (error === undefined) {
    throw new Error("it was not refused");
  }
  return error;
}

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8000";

// The planner signs in; the person who is asked has no account.
const anonymous = createClient<paths>({ baseUrl });
const session = await succeeded(
  anonymous.POST("/api/v1/auth/login", {
    body: { email: "karim@rideau-rouge.example", password: "entree-des-artistes" },
  }),
);
const planner = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${session.access_token}` } });

// A project, and its missions in bulk: the second overlaps the first, the third begins when the first ends.
const project = await succeeded(
  planner.POST("/api/v1/projects", { body: { name: `Festival d'automne ${Date.now()}` } }),
);
const missions = await succeeded(
  planner.POST("/api/v1/projects/{id}/missions:bulk_create", {
    params: { path: { id: project.id } },
    body: [
      {
        title: "Montage",
        start_at: "2027-10-01T08:00:00+02:00",
        end_at: "2027-10-01T12:00:00+02:00",
        roles: [{ role_name: "lumiere", quota: 2 }],
      },
      {
        title: "Balances",
        start_at: "2027-10-01T11:00:00+02:00",
        end_at: "2027-10-01T13:00:00+02:00",
        role: "son",
      },
      {
        title: "Concert",
        start_at: "2027-10-01T12:00:00+02:00",
        end_at: "2027-10-02T01:00:00+02:00",
        role: "lumiere",
      },
    ],
  }),
);
equal(missions.created, 3);

// A user, asked for all three, each with a link.
const user = await succeeded(planner.POST("/api/v1/users", { body: { name: "Zoé Éclair", skills: ["lumiere"] } }));
deepStrictEqual([user.first_name, user.last_name, user.active], ["Zoé", "Éclair", true]);

async function invite(mission_id: string) {
  const assignment = await succeeded(
    planner.POST("/api/v1/assignments", { body: { mission_id, user_id: user.id } }),
  );
  return succeeded(planner.POST("/api/v1/invitations", { body: { assignment_id: assignment.id } }));
}

const [montage, balances, concert, ...others] = await Promise.all(missions.ids.map(invite));
if (montage === undefined || balances === undefined || concert === undefined || others.length > 0) {
  throw new Error("not three invitations");
}

// The user looks at one, and answers by the links: yes, refused because already taken, no, and yes because back to
// back is fine.
const { id, token } = montage;
const shown = await succeeded(anonymous.GET("/api/v1/invitations/verify", { params: { query: { token } } }));
deepStrictEqual([shown.invitation_id, shown.mission_title, shown.status], [id, "Montage", "INVITED"]);

function accept({ id, token }: { id: string; token: string }) {
  return anonymous.POST("/api/v1/invitations/{id}/accept", { params: { path: { id } }, body: { token } });
}

equal((await succeeded(accept(montage))).status, "ACCEPTED");
const conflict = await refused(accept(balances));
deepStrictEqual([conflict.status, conflict.code, conflict.conflicts_total], [400, "schedule_conflict", 1]);
const declined = await succeeded(
  anonymous.POST("/api/v1/invitations/{id}/decline", {
    params: { path: { id: balances.id }, query: { token: balances.token } },
  }),
);
equal(declined.status, "DECLINED");
equal((await succeeded(accept(concert))).accepted, true);

// The planner sees it at once.
const query = { project_id: [project.id] };
const planned = await succeeded(planner.GET("/api/v1/missions", { params: { query } }));
deepStrictEqual(planned.map((mission) => [mission.title, mission.roles[0]?.quota]).sort(), [
  ["Balances", null],
  ["Concert", null],
  ["Montage", 2],
]);
const assignments = await succeeded(planner.GET("/api/v1/assignments", { params: { query } }));
deepStrictEqual(assignments.map((assignment) => [assignment.mission_title, assignment.status]).sort(), [
  ["Balances", "DECLINED"],
  ["Concert", "ACCEPTED"],
  ["Montage", "ACCEPTED"],
]);
const accepted = await succeeded(
  planner.GET("/api/v1/assignments", { params: { query: { ...query, status: ["ACCEPTED"] } } }),
);
equal(accepted.length, 2);
const listed = await succeeded(planner.GET("/api/v1/projects", { params: { query: { q: project.name } } }));
deepStrictEqual(listed.map((project) => project.id), [project.id]);

// What is wrong in a request is a type, too.
const nobody = await refused(planner.POST("/api/v1/users", { body: { name: "" } }));
deepStrictEqual([nobody.code, nobody.errors?.map((error) => error.pointer)], ["validation_failed", ["/name"]]);

console.log(`five minutes: ${planned.length} missions, ${accepted.length} of them accepted`);
