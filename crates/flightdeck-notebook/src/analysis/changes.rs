//! Where a release answers otherwise than the one before, and what libraries refuse by design.

use super::causes::is_at_least;
use super::diagnose::{blocking, here, installed, lacks};
use flightdeck_core::Finding;

type Packages = [(String, String)];

fn changed(message: String, hint: &str) -> Finding {
    blocking("changed-behaviour", message, hint)
}

/// What changed in pandas.
pub(super) fn pandas(error: &str, value: &str, packages: &Packages) -> Option<Finding> {
    let own = installed(packages, "pandas")?;
    let (two, three) = (is_at_least(own, "2.0"), is_at_least(own, "3.0"));
    let here = here(packages, "pandas");
    let found = match error {
        "TypeError" if three && value.starts_with("Invalid value ") && value.contains("for dtype") => {
            changed(
                format!("Since pandas 3.0 a column no longer changes its type when a value is set{here}"),
                "Convert the column first, .astype(float) or .astype(object), or run the notebook with pandas < 3.0.",
            )
        }
        "TypeError" | "ValueError" if two && is_text_among_numbers(value) => changed(
            format!("Text stands where numbers are needed{here}"),
            "Since pandas 2.0 corr(), mean() and others keep text columns: write numeric_only=True, or drop them.",
        ),
        "ValueError" if three && value.contains("contains NaN") => changed(
            "The data holds missing values that the model does not take".into(),
            "In pandas 3 df['a'].fillna(…, inplace=True) changes a copy: write df['a'] = df['a'].fillna(…).",
        ),
        "KeyError" if three && value.trim().parse::<i64>().is_ok() => changed(
            format!(
                "Since pandas 3.0 s[{}] looks for that label and not for that position{here}",
                value.trim()
            ),
            "Write s.iloc[…] for a position.",
        ),
        _ => return None,
    };
    Some(found)
}

fn is_text_among_numbers(value: &str) -> bool {
    value.starts_with("Cannot perform reduction") || value.starts_with("could not convert string to float")
}

/// What the other libraries take no longer, or never took.
pub(super) fn others(error: &str, value: &str, packages: &Packages) -> Option<Finding> {
    let found = match error {
        "ValueError" if value.contains("contains NaN") => changed(
            "The data holds missing values that the model does not take".into(),
            "Put a SimpleImputer in front of the model, inside the pipeline.",
        ),
        "ValueError" if value.starts_with("Invalid classes inferred from unique values of `y`") => changed(
            "XGBoost takes the classes 0, 1, 2 … only since 1.6".into(),
            "Encode the target first: LabelEncoder().fit_transform(y).",
        ),
        "ValueError" if value.contains("inhomogeneous shape") && lacks(packages, ("numpy", "1.24")) => {
            changed(
                "Since NumPy 1.24 rows of different length make no array".into(),
                "Write np.array(rows, dtype=object).",
            )
        }
        "LightGBMError" if value.contains("special JSON characters") => changed(
            "LightGBM takes no column names with brackets, quotes, commas or colons".into(),
            "Rename the columns first: df.columns.str.replace(r'[^\\w]', '_', regex=True).",
        ),
        "TypeError" if value.contains("positional argument") && value.contains(".__init__() takes") => {
            changed(
                format!(
                    "{} takes its settings by name only",
                    value.split(".__init__").next().unwrap_or_default()
                ),
                "Write the names: SVC(C=1.0, kernel='rbf').",
            )
        }
        _ => return None,
    };
    Some(found)
}
