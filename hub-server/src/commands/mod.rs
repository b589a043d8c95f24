//! The verbs of the program.
