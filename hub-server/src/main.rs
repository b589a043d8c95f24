//! The program `hub-server`.

fn main() {}
