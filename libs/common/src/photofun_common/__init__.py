"""What must all five services agree on?  Contracts, errors, the doors' plumbing; no rule of the business."""
