//! What a `pyproject.toml` says of a project: its name and what it needs. The project itself is never installed, since
//! that would run its build and write beside the notebook.

use toml::{Table, Value};

/// The project's name.
pub(super) fn name(text: &str) -> Option<String> {
    let table: Table = text.parse().ok()?;
    let project = table.get("project").or_else(|| table.get("tool")?.get("poetry"))?;
    project.get("name")?.as_str().map(str::to_owned)
}

/// What the project needs, as pip writes it.
pub(super) fn dependencies(text: &str) -> Result<Vec<String>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let listed =
        table.get("project").and_then(|project| project.get("dependencies")).and_then(Value::as_array);
    if let Some(listed) = listed {
        return Ok(listed.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    let poetry =
        table.get("tool").and_then(|tool| tool.get("poetry")).and_then(|own| own.get("dependencies"));
    let poetry = poetry.and_then(Value::as_table).ok_or("it names no dependencies")?;
    Ok(poetry
        .iter()
        .filter(|(name, _)| *name != "python")
        .filter_map(|(name, value)| of_poetry(name, value))
        .collect())
}

/// `pandas = "^2.1"` is `pandas>=2.1,<3`; what lies in a folder or a repository is left out.
fn of_poetry(name: &str, value: &Value) -> Option<String> {
    let version = match value {
        Value::String(version) => version.as_str(),
        Value::Table(table) if table.get("optional").and_then(Value::as_bool) != Some(true) => {
            table.get("version")?.as_str()?
        }
        _ => return None,
    };
    let parts: Vec<String> = version.split(',').map(|part| range(part.trim())).collect();
    Some(format!("{name}{}", parts.join(",").trim_matches(',')))
}

fn range(version: &str) -> String {
    let numbers = |text: &str| -> Vec<u64> { text.split('.').map_while(|part| part.parse().ok()).collect() };
    let up_to = |own: &str, at: usize| {
        let mut next: Vec<String> = numbers(own).iter().take(at + 1).map(u64::to_string).collect();
        if let Some(last) = next.last_mut() {
            *last = last.parse::<u64>().map_or(0, |number| number + 1).to_string();
        }
        format!(">={own},<{}", next.join("."))
    };
    match version.as_bytes() {
        [] | [b'*'] => String::new(),
        [b'^', ..] => {
            let own = &version[1..];
            // The first number that is not zero may not change.
            let fixed = numbers(own).iter().position(|number| *number > 0).unwrap_or(0);
            up_to(own, fixed)
        }
        [b'~', b'=', ..] => version.to_owned(),
        [b'~', ..] => up_to(&version[1..], 1),
        [b'0'..=b'9', ..] => format!("=={version}"),
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poetry_s_ranges_are_written_as_pip_reads_them() {
        let text = "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.10\"\npandas = \"^2.1\"\n\
            numpy = \"*\"\nscipy = {version = \"~1.11.2\", extras = [\"a\"]}\nold = \"^0.3.1\"\nown = {path = \"../own\"}\n\
            pinned = \"1.2.3\"\nlow = \">=1,<3\"\nperhaps = {version = \"1\", optional = true}\n";
        let mut found = dependencies(text).unwrap();
        found.sort();
        let expected = [
            "low>=1,<3",
            "numpy",
            "old>=0.3.1,<0.4",
            "pandas>=2.1,<3",
            "pinned==1.2.3",
            "scipy>=1.11.2,<1.12",
        ];
        assert_eq!(found, expected);
        assert_eq!(name(text).as_deref(), Some("x"));
    }

    #[test]
    fn the_standard_s_list_is_taken_as_it_is() {
        let text = "[project]\nname = \"p\"\ndependencies = [\"pandas>=2\", \"scikit-learn==1.5.*\"]\n";
        assert_eq!(dependencies(text).unwrap(), ["pandas>=2", "scikit-learn==1.5.*"]);
        assert!(dependencies("[project]\nname = \"p\"").is_err());
        assert!(dependencies("[project").is_err());
    }
}
