//! The few lines that make one expression run on either engine.

/// Runs one expression against the open engine, for reading.
macro_rules! read {
    ($db:expr, $pool:ident => $run:expr) => {
        match $db {
            $crate::Db::Lite($crate::Lite { reader: $pool, .. }) => $run,
            $crate::Db::Pg($pool) => $run,
        }
    };
}

/// Runs one statement that is a whole change of its own.
macro_rules! alone {
    ($db:expr, $pool:ident => $run:expr) => {
        match $db {
            $crate::Db::Lite($crate::Lite { writer: $pool, .. }) => $run,
            $crate::Db::Pg($pool) => $run,
        }
    };
}

/// Runs one expression inside a change.
macro_rules! within {
    ($change:expr, $on:ident => $run:expr) => {
        match $change {
            $crate::Change::Lite(tx) => {
                let $on = &mut **tx;
                $run
            }
            $crate::Change::Pg(tx) => {
                let $on = &mut **tx;
                $run
            }
        }
    };
}

/// Declares statements, and the list from which the tests prepare every one on both engines.
macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(const $name: &str = $sql;)+
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
