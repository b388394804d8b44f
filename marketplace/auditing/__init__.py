"""For those who look over the town's shoulder: everybody by the heads of days, auditors by the journal itself."""
