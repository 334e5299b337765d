{{/* Each of these is text if it is so, and nothing if not. */}}
{{- define "wolkvox-exporter.web.tls" -}}
{{- with .Values.web -}}
{{- if or .tls.existingSecret .existingConfig.tls (hasKey .config "tls_server_config") -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.web.clientCA" -}}
{{- with .Values.web.tls.clientCA -}}{{- if or .configMap .secret -}}true{{- end -}}{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.web.certificates" -}}
{{- $written := dig "tls_server_config" "client_auth_type" "" .Values.web.config -}}
{{- if or (include "wolkvox-exporter.web.clientCA" .) (eq $written "RequireAndVerifyClientCert") -}}true{{- end -}}
{{- end -}}

{{/* Where the kubelet, who has neither certificate nor password, may get no answer, or be told to come again. */}}
{{- define "wolkvox-exporter.web.restricted" -}}
{{- if or .Values.web.users .Values.web.existingConfig.restricted (hasKey .Values.web.config "rate_limit") (include "wolkvox-exporter.web.certificates" .) -}}true{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.web.own" -}}
{{- with .Values.web -}}
{{- if or .tls.existingSecret (include "wolkvox-exporter.web.clientCA" $) .users .config -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.web.file" -}}
{{- if or (include "wolkvox-exporter.web.own" .) .Values.web.existingConfig.secret -}}true{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.web.scheme" -}}
{{- if include "wolkvox-exporter.web.tls" . -}}https{{- else -}}http{{- end -}}
{{- end -}}

{{/* The web configuration file that the chart makes. */}}
{{- define "wolkvox-exporter.web.config" -}}
{{- $file := deepCopy .Values.web.config -}}
{{- $secrets := include "wolkvox-exporter.secrets" . -}}
{{- $tls := dict -}}
{{- if .Values.web.tls.existingSecret -}}
{{- $tls = dict "cert_file" (printf "%s/tls/tls.crt" $secrets) "key_file" (printf "%s/tls/tls.key" $secrets) -}}
{{- end -}}
{{- if include "wolkvox-exporter.web.clientCA" . -}}
{{- $ca := printf "%s/client-ca/ca.crt" $secrets -}}
{{- $tls = merge $tls (dict "client_auth_type" "RequireAndVerifyClientCert" "client_ca_file" $ca) -}}
{{- end -}}
{{- with $tls -}}
{{- $_ := set $file "tls_server_config" (merge . (default dict (get $file "tls_server_config"))) -}}
{{- end -}}
{{- with .Values.web.users -}}
{{- $_ := set $file "basic_auth_users" . -}}
{{- end -}}
{{- toYaml $file -}}
{{- end -}}

{{/* One probe; the exporter's own health check takes TLS, a password and a client certificate for signs of life. */}}
{{- define "wolkvox-exporter.probe" -}}
{{- $type := .root.Values.probes.type -}}
{{- if eq $type "auto" -}}
{{- $type = ternary "exec" "httpGet" (eq (include "wolkvox-exporter.web.restricted" .root) "true") -}}
{{- end -}}
{{- if eq $type "httpGet" -}}
httpGet:
  path: {{ .path }}
  port: http-metrics
  {{- if include "wolkvox-exporter.web.tls" .root }}
  scheme: HTTPS
  {{- end }}
{{- else if eq $type "exec" -}}
exec:
  command:
    - /opt/wolkvox-exporter/bin/python
    - -m
    - wolkvox_exporter.cli.healthcheck
    - --web.listen-address=:{{ .root.Values.web.port }}
{{- else -}}
tcpSocket:
  port: http-metrics
{{- end }}
{{ toYaml .timings }}
{{- end -}}
