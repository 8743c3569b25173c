//! Figures over time, distributions and heat maps as themed, deterministic SVG with hover geometry.
