//! Another program that holds a card for itself: connects exclusively to the first reader's card, says `held`, and lets go when its input ends.

use std::io::{Read as _, Write as _, stdin, stdout};

use pcsc::{Context, Protocols, Scope, ShareMode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = Context::establish(Scope::User)?;
    let readers = context.list_readers_owned()?;
    let reader = readers.first().ok_or("there is no reader")?;
    let card = context.connect(reader, ShareMode::Exclusive, Protocols::ANY)?;
    writeln!(stdout(), "held")?;
    stdin().read_to_end(&mut Vec::new())?;
    drop(card);
    Ok(())
}
