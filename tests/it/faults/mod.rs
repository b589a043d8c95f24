//! What goes wrong without anybody meaning it: crashes, disks, clocks, databases.

mod audit;
mod clock;
mod crowd;
mod database;
mod disks;
mod goods;
mod killed;
mod ledger;
mod refused;
mod rotten;
