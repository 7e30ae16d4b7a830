"""Pure rules of the floor `bidding`: the room, who may register, which money counts, the ledger, the confirmation."""
