"""The bank: customers, accounts, cards and a double-entry ledger in minor units."""
