//! What goes wrong without anybody meaning it: crashes, disks, clocks, databases.

mod audit;
mod crowd;
mod goods;
mod killed;
mod ledger;
mod refused;
