//! Whole stories, from the first command to what one sees.

mod benchmark;
mod bombs;
mod first_hour;
mod full_disk;
mod stop_and_go;
