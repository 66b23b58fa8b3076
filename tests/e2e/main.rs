//! Whole flows: the core on one side, the strict local stack on the other, real HTTP in between. A new session over the
//! same store is a new process of the same app.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod acceptance;
mod access_token;
mod accounts;
mod api;
mod authorization_requests;
mod background;
mod bench;
mod connections;
mod diagnosing;
mod downloads;
mod events;
mod failing_store;
mod field;
mod guide;
mod hostile_servers;
mod listing;
mod login;
mod matrix;
mod object_calls;
mod observing;
mod obstacles;
mod parallel_listing;
mod process_death;
mod races;
mod redirects;
mod refusals;
mod renewal;
mod round_trips;
mod schedules;
mod sign_out;
mod slow_network;
mod stacks;
mod storage;
mod template;
mod uploads;
