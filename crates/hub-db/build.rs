//! Makes a new migration seen: `migrate!` reads the folders while compiling.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
