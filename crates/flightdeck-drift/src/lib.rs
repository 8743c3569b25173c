//! Counting on frozen edges, merging, distances and the decision rule: pure functions of counts.
