//! What the journeys share: a display, a driver, a library of their own.
