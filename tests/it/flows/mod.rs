//! Whole stories, from the first command to what one sees.

mod benchmark;
mod bombs;
mod first_hour;
mod garbage;
mod imported;
mod log;
mod offline;
mod replicas;
mod stop_and_go;
mod stores;
