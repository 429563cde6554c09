// The GitHub resource plugin: the published upstream provider behind Pulumi's published bridge, with the same tokens
// and defaults as the official plugin, so that the Python SDK and existing state fit both.
package main

import (
	"net/http"
	"time"

	"github.com/integrations/terraform-provider-github/v6/github"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

// version is the plugin's, not the upstream's: the Python SDK asks the engine for exactly this one.
const version = "6.15.0"

// patience is how long a call that was taken may go unanswered, before each of upstream's three further tries; GitHub
// itself gives up after 10 s. Upstream waits for ever, and asks for the organization before any resource, where no
// timeout of a resource applies.
const patience = 15 * time.Second

func provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(github.NewProvider(version, "")()),
		Name:    "github",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"base_url": {Default: &tfbridge.DefaultInfo{EnvVars: []string{"GITHUB_BASE_URL"}}},
			"token":    {Default: &tfbridge.DefaultInfo{EnvVars: []string{"GITHUB_TOKEN"}}, Secret: tfbridge.True()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			// The bridge makes one value of a list of at most one; the SDK kept this one a list, as it was before.
			"github_repository_environment": {Fields: map[string]*tfbridge.SchemaInfo{
				"reviewers": {MaxItemsOne: tfbridge.False()},
			}},
		},
		EnableZeroDefaultSchemaVersion: true,
		EnableAccurateBridgePreview:    true,
	}
	info.MustComputeTokens(tokens.SingleModule("github_", "index", tokens.MakeStandard("github")))
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	http.DefaultTransport.(*http.Transport).ResponseHeaderTimeout = patience // upstream's clients are clones of it
	tfbridge.Main("github", version, provider(), []byte("{}"))
}
