//! What every store has to do, as suites that run against any implementation.
