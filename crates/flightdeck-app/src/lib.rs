//! What Flightdeck does: the use cases, jobs and error codes behind the window and the command line.
