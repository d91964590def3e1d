package audit

import "context"

// Extend is a tick without signing.
func Extend(k *Keeper, ctx context.Context) (bool, error) { return k.extend(ctx) }

// DecodeMetadata is what Prepare decodes metadata by.
var DecodeMetadata = decodeMetadata
