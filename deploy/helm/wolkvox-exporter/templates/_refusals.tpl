{{/* What would not work is refused with what to do about it; what the schema can tell is refused there. */}}
{{- define "wolkvox-exporter.refusals" -}}
{{- include "wolkvox-exporter.refusals.config" . -}}
{{- include "wolkvox-exporter.refusals.tokens" . -}}
{{- include "wolkvox-exporter.refusals.flags" . -}}
{{- include "wolkvox-exporter.refusals.state" . -}}
{{- include "wolkvox-exporter.refusals.web" . -}}
{{- include "wolkvox-exporter.refusals.rules" . -}}
{{- end -}}

{{- define "wolkvox-exporter.refusals.config" -}}
{{- $existing := compact (list .Values.existingConfig.configMap .Values.existingConfig.secret) -}}
{{- $written := or .Values.config.operations (gt (len .Values.config) 1) -}}
{{- if and $existing $written -}}
{{- fail "config and existingConfig: write one of them" -}}
{{- else if gt (len $existing) 1 -}}
{{- fail "existingConfig: write configMap or secret, not both" -}}
{{- else if and $existing (eq .Values.configReload "restart") -}}
{{- fail "configReload: restart needs config; the chart does not see when existingConfig changes" -}}
{{- else if not (or $existing .Values.config.operations) -}}
{{- fail "config.operations: name at least one operation, such as [{name: ventas-co, server: \"0042\"}]" -}}
{{- end -}}
{{- $names := list -}}
{{- range .Values.config.operations -}}
{{- if has .name $names -}}
{{- fail (printf "config.operations: there are two of the name %q" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range prepend .Values.config.operations .Values.config -}}
{{- if regexMatch "^https?://[^/]*@" (default "" .proxy_url) -}}
{{- fail "config: a proxy_url with a password would stand in a ConfigMap; name the proxy as HTTPS_PROXY in env, from a Secret" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.refusals.tokens" -}}
{{- $folder := printf "%s/tokens/" (include "wolkvox-exporter.secrets" .) -}}
{{- $tokens := .Values.tokens -}}
{{- $used := list -}}
{{- $variables := list -}}
{{- range .Values.env -}}
{{- $variables = append $variables .name -}}
{{- end -}}
{{- range .Values.config.operations -}}
{{- if hasKey . "token_file" -}}
{{- $used = append $used (trimPrefix $folder .token_file) -}}
{{- else if hasKey . "token_env" -}}
{{- if not (or (has .token_env $variables) $.Values.envFrom) -}}
{{- fail (printf "config.operations: token_env: %s is not in env, and the exporter would not start" .token_env) -}}
{{- end -}}
{{- else -}}
{{- $used = append $used .name -}}
{{- if or (not (regexMatch "^[-._a-zA-Z0-9]+$" .name)) (hasPrefix ".." .name) -}}
{{- fail (printf "config.operations: %q is no key that a Secret can have; add token_file: %sKEY" .name $folder) -}}
{{- else if not (or $tokens.existingSecrets (hasKey $tokens.inline .name)) -}}
{{- fail (printf "config.operations: where is the token of %q? Name the Secret in tokens.existingSecrets" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $token := $tokens.inline -}}
{{- if not (regexMatch "^[!-~]+$" $token) -}}
{{- fail (printf "tokens.inline: %q is no token: it has printable ASCII characters alone, and no blank" $name) -}}
{{- end -}}
{{- if not (or (has $name $used) $.Values.existingConfig.configMap $.Values.existingConfig.secret) -}}
{{- fail (printf "tokens.inline: no operation of config uses %q; take it away or correct the name" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A flag that is written twice is refused by the exporter. */}}
{{- define "wolkvox-exporter.refusals.flags" -}}
{{- $own := omit .Values "extraArgs" -}}
{{- $flags := include "wolkvox-exporter.args" (dict "Values" $own) | fromYamlArray -}}
{{- range .Values.extraArgs -}}
{{- $name := regexFind "^--[a-z.-]+" . -}}
{{- range $flags -}}
{{- if eq $name (regexFind "^--[a-z.-]+" .) -}}
{{- if ne $name "--web.listen-address" -}}
{{- fail (printf "extraArgs: the chart has a value for %s; set that" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.refusals.state" -}}
{{- $state := .Values.state -}}
{{- $database := $state.postgresql -}}
{{- $url := $database.url -}}
{{- $existing := or .Values.existingConfig.configMap .Values.existingConfig.secret -}}
{{- $keys := compact (list $url $database.schema $database.lease) -}}
{{- $mounted := compact (list $database.passwordSecret.name $database.ca.configMap $database.ca.secret) -}}
{{- if and (gt (int .Values.replicas) 1) (ne $state.type "postgresql") -}}
{{- fail (printf "replicas: %d exporters would use the same tokens at a time, which wolkvox refuses; they need state.type: postgresql, which makes them one" (int .Values.replicas)) -}}
{{- else if and $database.ca.configMap $database.ca.secret -}}
{{- fail "state.postgresql.ca: write configMap or secret, not both" -}}
{{- else if and $state.persistentVolume.existingClaim (ne $state.type "persistentVolume") -}}
{{- fail "state.persistentVolume: it is used with state.type: persistentVolume alone" -}}
{{- else if and (concat $keys $mounted) (ne $state.type "postgresql") -}}
{{- fail "state.postgresql: it is used with state.type: postgresql alone" -}}
{{- else if and $existing $keys -}}
{{- fail "state.postgresql: with existingConfig write url, schema and lease there, as state, state_schema and state_lease" -}}
{{- else if and (eq $state.type "postgresql") (not (or $url $existing)) -}}
{{- fail "state.postgresql.url: write the address, such as postgresql://wolkvox@db.example.com/wolkvox?sslmode=verify-full" -}}
{{- else if and $url (not (regexMatch "^postgres(ql)?://" $url)) -}}
{{- fail "state.postgresql.url: this is no address of a database; write one such as postgresql://wolkvox@db.example.com/wolkvox" -}}
{{- else if regexMatch "^[a-z]+://[^/?]*:[^/?]*@|[?&](ssl)?password=" $url -}}
{{- fail "state.postgresql.url: a password would stand in a ConfigMap; name its Secret in state.postgresql.passwordSecret" -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.refusals.web" -}}
{{- $web := .Values.web -}}
{{- if and $web.existingConfig.secret (include "wolkvox-exporter.web.own" .) -}}
{{- fail "web.existingConfig.secret: it stands instead of tls, users and config of web; write them there" -}}
{{- else if and (or $web.existingConfig.tls $web.existingConfig.restricted) (not $web.existingConfig.secret) -}}
{{- fail "web.existingConfig: name the Secret of the file" -}}
{{- else if and (include "wolkvox-exporter.web.clientCA" .) (not (include "wolkvox-exporter.web.tls" .)) -}}
{{- fail "web.tls.clientCA: client certificates need TLS; name the server's certificate in web.tls.existingSecret" -}}
{{- end -}}
{{- range $name, $hash := $web.users -}}
{{- if not (regexMatch "^\\$2[aby]\\$[0-9]{2}\\$[./A-Za-z0-9]{53}$" $hash) -}}
{{- fail (printf "web.users: write a bcrypt hash for %q, as wolkvox-exporter hash-password makes it of the password" $name) -}}
{{- end -}}
{{- end -}}
{{- with $web.config.tls_server_config -}}
{{- if and $web.tls.existingSecret (or .cert_file .key_file .cert .key) -}}
{{- fail "web.config.tls_server_config: web.tls.existingSecret has the certificate; write one of them" -}}
{{- else if and (include "wolkvox-exporter.web.clientCA" $) (or .client_auth_type .client_ca_file .client_ca) -}}
{{- fail "web.config.tls_server_config: web.tls.clientCA says who is let in; write one of them" -}}
{{- end -}}
{{- end -}}
{{- if and $web.tls.clientCA.configMap $web.tls.clientCA.secret -}}
{{- fail "web.tls.clientCA: write configMap or secret, not both" -}}
{{- end -}}
{{- $monitor := .Values.monitor -}}
{{- if and $monitor.tlsConfig (not (include "wolkvox-exporter.web.tls" .)) -}}
{{- fail "monitor.tlsConfig: nothing is served by TLS; name the certificate in web.tls.existingSecret" -}}
{{- end -}}
{{- if and $monitor.kind $web.users (not $monitor.basicAuth) -}}
{{- fail "monitor.basicAuth: with web.users Prometheus needs a password; name the Secrets of username and password" -}}
{{- else if and $monitor.kind (include "wolkvox-exporter.web.certificates" .) (not $monitor.tlsConfig.keySecret) -}}
{{- fail "monitor.tlsConfig: with client certificates Prometheus needs one; name the Secrets of cert and keySecret" -}}
{{- end -}}
{{- if and (eq .Values.probes.type "httpGet") (include "wolkvox-exporter.web.restricted" .) -}}
{{- fail "probes.type: the kubelet has neither password nor certificate, and a rate limit counts it; leave it at auto, or write exec or tcpSocket" -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.refusals.rules" -}}
{{- $rules := .Values.prometheusRule -}}
{{- $every := "" -}}
{{- range list "recording" "alerts" "law2300" -}}
{{- $every = print $every ($.Files.Get (printf "files/rules/%s/wolkvox-%s.rules.yml" $rules.language .)) -}}
{{- end -}}
{{- range $rules.disabledAlerts -}}
{{- if not (contains (printf "- alert: %s\n" .) $every) -}}
{{- fail (printf "prometheusRule.disabledAlerts: there is no alert %s" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
