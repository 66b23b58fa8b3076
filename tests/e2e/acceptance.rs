//! The fifteen things that users of this kind of app have suffered from, each with a test that carries its number. Time
//! passes on clocks that the tests hold; a process is another session over the same store, or, where it matters, a real
//! one that is killed or races with others.

mod diagnosis;
mod listing;
mod processes;
mod renewal;
mod secrets;
mod sign_in;
mod store;
mod time;
