"""What people make of the evidence: review, decision, appeal, decision by another."""
