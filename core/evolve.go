package core

// Evolve folds one recorded event into the state that it is about. It judges nothing: what is recorded has been decided.
func Evolve(s State, r Recorded) State {
	switch e := r.Event.(type) {
	case ActivityCreated:
		s.Activity = Activity{Tenant: r.Stream.Tenant, Version: r.Version, Status: ActivityReady, Type: e.ActivityType, Provided: e.ProviderActivityID != ""}
	case ResultSubmitted:
		s.Result.Tenant = r.Stream.Tenant
		s.Result.ActivityID = e.ActivityID
		s.Result.CreatedAt = e.CreatedAt
		s.Result.UpdatedAt = r.RecordedAt
		s.Result.Version = r.Version
		s.Result.Status = e.Status
		s.Result.Code, _ = ParseResultCode(e.Submission.Result)
		s.Result.Erased = false // what it has brought has not been erased
		s.Activity.ResultID = e.ResultID
	case ActivityTransitioned:
		s.Activity.Status = e.To
		s.Activity.Version = r.Version
		s.Activity.Provided = s.Activity.Provided || e.ProviderActivityID != ""
	case ResultLinked:
		s.Result.ActivityID = e.ActivityID
		s.Result.Version = r.Version
		s.Activity.ResultID = e.ResultID
	case PersonalErased:
		s.Result.Version = r.Version
		s.Result.Erased = true
	case ResultTypeConfigured:
		s.Tenant.Types = s.Tenant.Types.Configure(e.Code, e.Active, e.Classification)
		s.Tenant.Version = r.Version
	case APIKeyIssued:
		s.APIKey = APIKey{Tenant: e.TenantID, Digest: e.Digest, IssuedVersion: r.Version, Permissions: e.Permissions}
		if e.ExpiresAt != nil {
			s.APIKey.ExpiresAt = *e.ExpiresAt
		}
		s.Tenant.Keys++
		s.Tenant.Version = r.Version
	case APIKeyRevoked:
		s.APIKey.Revoked = true
		s.Tenant.Keys--
		s.Tenant.Version = r.Version
	}
	s.Tenant.Head = r.TenantPosition
	return s
}
