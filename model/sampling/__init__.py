"""From a prompt to a tune: grammar, decoder, critic, title, originality."""
