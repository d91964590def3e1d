package audit

import "context"

// Extend is a tick without signing.
func Extend(k *Keeper, ctx context.Context) (bool, error) { return k.extend(ctx) }
