{{- define "wolkvox-exporter.monitorSpec" -}}
selector:
  matchLabels:
    {{- include "wolkvox-exporter.selector" . | nindent 4 }}
    {{- if eq .Values.monitor.kind "ServiceMonitor" }}
    app.kubernetes.io/component: exporter
    {{- end }}
namespaceSelector:
  matchNames:
    - {{ .Release.Namespace | quote }}
{{ ternary "endpoints" "podMetricsEndpoints" (eq .Values.monitor.kind "ServiceMonitor") }}:
  - port: http-metrics
    path: {{ include "wolkvox-exporter.metricsPath" . | quote }}
    scheme: {{ include "wolkvox-exporter.web.scheme" . }}
    interval: {{ .Values.monitor.interval }}
    scrapeTimeout: {{ .Values.monitor.scrapeTimeout }}
    {{- include "wolkvox-exporter.access" . | nindent 4 }}
    relabelings:
      - targetLabel: job
        replacement: {{ .Values.monitor.job | quote }}
        action: replace
      {{- with .Values.monitor.relabelings }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .Values.monitor.metricRelabelings }}
    metricRelabelings:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end -}}

{{/* Each replica has a list of targets, one for each operation and one for itself; these are reached by its own name. */}}
{{- define "wolkvox-exporter.scrapeConfig" -}}
jobName: {{ .Values.monitor.job | quote }}
scrapeInterval: {{ .Values.monitor.interval }}
scrapeTimeout: {{ .Values.monitor.scrapeTimeout }}
scheme: {{ include "wolkvox-exporter.web.scheme" . | upper }}
{{- include "wolkvox-exporter.access" . | nindent 0 }}
httpSDConfigs:
  {{- $name := include "wolkvox-exporter.fullname" . }}
  {{- range until (int .Values.replicas) }}
  - url: {{ include "wolkvox-exporter.web.scheme" $ }}://{{ $name }}-{{ . }}.{{ $name }}-pods.{{ $.Release.Namespace }}.svc:{{ $.Values.web.port }}/-/targets
    {{- include "wolkvox-exporter.access" $ | nindent 4 }}
  {{- end }}
{{- with .Values.monitor.relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What Prometheus needs to be let in. */}}
{{- define "wolkvox-exporter.access" -}}
{{- if include "wolkvox-exporter.web.tls" . -}}
{{- $server := printf "%s.%s.svc" (include "wolkvox-exporter.fullname" .) .Release.Namespace }}
tlsConfig:
  {{- toYaml (merge (deepCopy .Values.monitor.tlsConfig) (dict "serverName" $server)) | nindent 2 }}
{{- end -}}
{{- with .Values.monitor.basicAuth }}
basicAuth:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "wolkvox-exporter.metricsPath" -}}
{{- $path := "/metrics" -}}
{{- range .Values.extraArgs -}}
{{- if hasPrefix "--web.telemetry-path=" . -}}{{- $path = trimPrefix "--web.telemetry-path=" . -}}{{- end -}}
{{- end -}}
{{- $path -}}
{{- end -}}
