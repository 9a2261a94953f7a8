//! The commands of docs/moving.md, as an operator pastes them.

use super::{Season, checksum};
use crate::support::{Kind, TestDatabase};
use std::process::Command;

#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_copy_by_the_programs_of_Postgres_comes_back_the_same() {
    let season = Season::get();
    let cli = Season::imported(Kind::Postgres).await;
    let empty = TestDatabase::empty(Kind::Postgres).await;
    let text = include_str!("../../../../docs/moving.md");
    let recipe = text
        .split("<!-- recipe -->\n```bash\n")
        .nth(1)
        .expect("the recipe")
        .split("```")
        .next()
        .expect("its end");
    let (old_name, new_name) =
        ("postgresql://crew:password@db.example.org/crew", "postgresql://crew:password@new.example.org/crew");
    assert!(recipe.contains(old_name) && recipe.contains(new_name), "{recipe}");
    let recipe = recipe.replace(old_name, &cli.database().url).replace(new_name, &empty.url);
    let programs = std::env::var("TEST_POSTGRES_PROGRAMS").expect("`cargo xtask test` says where they are");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_coulisses")).parent().expect("its folder");
    let folders = format!("{programs}:{}:/usr/bin:/bin", program.display());
    let mut bash = Command::new("bash");
    bash.args(["-euc", &recipe]).current_dir(cli.folder()).env_clear().env("PATH", folders);
    let output = bash.output().expect("bash");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let new = crate::cli::Cli::new(&[("DATABASE_URL", &empty.url)]);
    assert_eq!(
        (checksum(&cli), checksum(&new)),
        (season.checksum.clone(), season.checksum.clone()),
        "{said}"
    );
}
