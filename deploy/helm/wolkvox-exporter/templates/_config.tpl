{{/* The configuration as an object: that of the values, with the places of tokens and state. */}}
{{- define "wolkvox-exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $operations := list -}}
{{- range $config.operations -}}
{{- $operation := include "wolkvox-exporter.reports" . | fromYaml -}}
{{- if not (or (hasKey . "token_file") (hasKey . "token_env")) -}}
{{- $_ := set $operation "token_file" (printf "%s/tokens/%s" (include "wolkvox-exporter.secrets" $) .name) -}}
{{- end -}}
{{- $operations = append $operations $operation -}}
{{- end -}}
{{- $config = include "wolkvox-exporter.reports" $config | fromYaml -}}
{{- $_ := set $config "operations" $operations -}}
{{- toYaml (merge (include "wolkvox-exporter.state" . | fromYaml) $config) -}}
{{- end -}}

{{/* Keys with reports that are off: YAML makes `off` a boolean, where the exporter wants the word. */}}
{{- define "wolkvox-exporter.reports" -}}
{{- $keys := deepCopy . -}}
{{- range list "amd" "skills" "agents" -}}
{{- if and (hasKey $keys .) (kindIs "bool" (get $keys .)) -}}
{{- $_ := set $keys . "off" -}}
{{- end -}}
{{- end -}}
{{- toYaml $keys -}}
{{- end -}}

{{/* The keys that say where the state is. */}}
{{- define "wolkvox-exporter.state" -}}
{{- if eq .Values.state.type "postgresql" -}}
{{- with .Values.state.postgresql -}}
state: {{ .url | quote }}
{{- if .passwordSecret.name }}
state_password_file: {{ include "wolkvox-exporter.secrets" $ }}/postgresql/password
{{- end }}
{{- with .schema }}
state_schema: {{ . | quote }}
{{- end }}
{{- with .lease }}
state_lease: {{ . | quote }}
{{- end }}
{{- end -}}
{{- else -}}
state: {{ include "wolkvox-exporter.stateFolder" . }}
{{- end -}}
{{- end -}}

{{/* A changed state needs new pods, and so does any other change where that is wanted. */}}
{{- define "wolkvox-exporter.checksums" -}}
{{- if eq .Values.configReload "restart" }}
checksum/config: {{ include "wolkvox-exporter.config" . | sha256sum | quote }}
{{- else }}
checksum/state: {{ include "wolkvox-exporter.state" . | sha256sum | quote }}
{{- end }}
{{- if include "wolkvox-exporter.web.file" . }}
# what keeps strangers out is switched on and off at a start only
checksum/access: {{ printf "%s/%s/%d" (include "wolkvox-exporter.web.tls" .) (include "wolkvox-exporter.web.certificates" .) (min 1 (len .Values.web.users)) | sha256sum | quote }}
{{- end }}
{{- end -}}
