"""Identity: which job is which, whoever asks and wherever. The rule is docs/identity.md."""
