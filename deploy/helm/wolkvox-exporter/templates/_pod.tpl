{{- define "wolkvox-exporter.args" -}}
- --config.file=/etc/wolkvox-exporter/config.yaml
{{- if eq .Values.configReload "auto" }}
- --config.enable-auto-reload
- --config.auto-reload-interval={{ .Values.configReloadInterval }}
{{- end }}
- --web.listen-address=:{{ .Values.web.port }}
- --web.max-requests={{ int .Values.web.maxRequests }}
{{- if include "wolkvox-exporter.web.file" . }}
- --web.config.file={{ include "wolkvox-exporter.secrets" . }}/web/web-config.yaml
{{- end }}
{{- if .Values.web.enableLifecycle }}
- --web.enable-lifecycle
{{- end }}
- --log.level={{ .Values.log.level }}
- --log.format={{ .Values.log.format }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "wolkvox-exporter.env" -}}
{{- if include "wolkvox-exporter.postgresqlCA" . }}
# read by libpq
- name: PGSSLROOTCERT
  value: {{ include "wolkvox-exporter.secrets" . }}/postgresql-ca/ca.crt
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "wolkvox-exporter.postgresqlCA" -}}
{{- with .Values.state.postgresql.ca -}}
{{- if and (eq $.Values.state.type "postgresql") (or .configMap .secret) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.ownClaim" -}}
{{- with .Values.state -}}
{{- if and (eq .type "persistentVolume") (not .persistentVolume.existingClaim) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* The folders of volumes that are read. A whole folder is mounted, since a single file would never change. */}}
{{- define "wolkvox-exporter.places" -}}
config: /etc/wolkvox-exporter
{{- range list "tokens" "web" "tls" "client-ca" "postgresql" "postgresql-ca" }}
{{ . }}: {{ include "wolkvox-exporter.secrets" $ }}/{{ . }}
{{- end }}
{{- end -}}

{{- define "wolkvox-exporter.volumes" -}}
- name: config
  {{- if .Values.existingConfig.secret }}
  secret:
    secretName: {{ .Values.existingConfig.secret | quote }}
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ default (include "wolkvox-exporter.fullname" .) .Values.existingConfig.configMap | quote }}
  {{- end }}
{{- if or .Values.tokens.existingSecrets .Values.tokens.inline }}
- name: tokens
  projected:
    defaultMode: 0440
    sources:
      {{- range .Values.tokens.existingSecrets }}
      - secret:
          {{- toYaml . | nindent 10 }}
      {{- end }}
      {{- if .Values.tokens.inline }}
      - secret:
          name: {{ include "wolkvox-exporter.fullname" . }}-tokens
      {{- end }}
{{- end }}
{{- if include "wolkvox-exporter.web.file" . }}
- name: web
  secret:
    secretName: {{ default (printf "%s-web" (include "wolkvox-exporter.fullname" .)) .Values.web.existingConfig.secret | quote }}
    defaultMode: 0440
{{- end }}
{{- with .Values.web.tls.existingSecret }}
- name: tls
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
{{- end }}
{{- if include "wolkvox-exporter.web.clientCA" . }}
{{- include "wolkvox-exporter.ca" (dict "name" "client-ca" "ca" .Values.web.tls.clientCA) }}
{{- end }}
{{- if eq .Values.state.type "postgresql" }}
{{- with .Values.state.postgresql.passwordSecret }}
{{- if .name }}
- name: postgresql
  secret:
    secretName: {{ .name | quote }}
    defaultMode: 0440
    items:
      - key: {{ .key | quote }}
        path: password
{{- end }}
{{- end }}
{{- end }}
{{- if include "wolkvox-exporter.postgresqlCA" . }}
{{- include "wolkvox-exporter.ca" (dict "name" "postgresql-ca" "ca" .Values.state.postgresql.ca) }}
{{- end }}
{{- end -}}

{{/* CA certificates out of a ConfigMap or a Secret. */}}
{{- define "wolkvox-exporter.ca" }}
- name: {{ .name }}
  {{- if .ca.secret }}
  secret:
    secretName: {{ .ca.secret | quote }}
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ .ca.configMap | quote }}
  {{- end }}
    items:
      - key: {{ .ca.key | quote }}
        path: ca.crt
{{- end -}}

{{- define "wolkvox-exporter.stateVolume" -}}
{{- with .Values.state -}}
{{- if eq .type "emptyDir" -}}
- name: state
  emptyDir:
    sizeLimit: {{ .emptyDir.sizeLimit | quote }}
{{- else if and (eq .type "persistentVolume") .persistentVolume.existingClaim -}}
- name: state
  persistentVolumeClaim:
    claimName: {{ .persistentVolume.existingClaim | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
