// Template variables: their options, what is chosen, and how Grafana writes them into queries and titles.
import { escapeRegex, stringToJsRegex, type TimeRange } from '@grafana/data';

/** Ask Prometheus' HTTP API; null after a failure, which the driver reports. */
export type Ask = (path: string, parameters: Record<string, string>, askedBy: string) => Promise<any>;
type Option = { text: string; value: string };
export type Variable = { name: string; label: string; hide: number; listed: boolean; chosen: Option[]; all?: string };
export type Variables = Variable[];

const ALL = '$__all';

/** Return the variables in order; each one's query may use those before it. */
export async function loadVariables(models: any[], given: string[], range: TimeRange, ask: Ask): Promise<Variables> {
  const variables: Variables = [];
  const unknown = given.filter((pair) => !models.some(({ name }) => pair.startsWith(`${name}=`)));
  if (unknown.length) throw new Error(`the dashboard has no such variable: ${unknown.join(', ')}`);
  for (const model of models) {
    const options = await optionsOf(model, variables, range, ask);
    const wanted = given
      .filter((pair) => pair.startsWith(`${model.name}=`))
      .map((pair) => pair.slice(model.name.length + 1));
    variables.push(choose(model, options, wanted));
  }
  return variables;
}

function choose(model: any, options: Option[], wanted: string[]): Variable {
  const { name, label, hide = 0, includeAll = false, multi = false, allValue } = model;
  const variable = { name, label: label || name, hide, listed: includeAll || multi };
  const all = wanted.length ? wanted.some((value) => value === 'All' || value === ALL) : includeAll;
  if (all) {
    const everything = allValue || listed(options.map(({ value }) => regexEscaped(value)));
    return { ...variable, chosen: [{ text: 'All', value: ALL }], all: everything };
  }
  const found = (value: string) => options.find((option) => option.value === value) ?? { text: value, value };
  return { ...variable, chosen: wanted.length ? wanted.map(found) : options.slice(0, 1) };
}

async function optionsOf(model: any, variables: Variables, range: TimeRange, ask: Ask): Promise<Option[]> {
  const query = typeof model.query === 'string' ? model.query : (model.query?.query ?? '');
  if (model.type === 'datasource') return [{ text: 'Prometheus', value: 'prometheus' }];
  if (model.type !== 'query') return query.split(',').map((part: string) => option(part.trim()));
  const texts = await queried(forQuery(query, variables), model.name, range, ask);
  return sorted(matched(texts, model.regex), model.sort ?? 0);
}

function option(written: string): Option {
  const [text, value = text] = written.split(' : ');
  return { text, value };
}

async function queried(query: string, name: string, range: TimeRange, ask: Ask): Promise<string[]> {
  const askedBy = `variable ${name}`;
  const [from, to] = [range.from, range.to].map((time) => String(time.valueOf() / 1000));
  const values = /^label_values\((?:(.+),\s*)?(\w+)\s*\)$/s.exec(query.trim());
  if (values) {
    const matching: Record<string, string> = values[1] ? { 'match[]': values[1] } : {};
    return (await ask(`label/${values[2]}/values`, { ...matching, start: from, end: to }, askedBy)) ?? [];
  }
  const expression = /^query_result\((.+)\)$/s.exec(query.trim());
  if (!expression) throw new Error(`${askedBy}: only label_values and query_result are known: ${query}`);
  const answer = await ask('query', { query: expression[1], time: to }, askedBy);
  return (answer?.result ?? []).map(line);
}

/** Write a sample as Grafana does before it applies the variable's regex: labels are not escaped. */
function line({ metric, value }: any): string {
  const { __name__ = '', ...labels } = metric;
  const written = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${__name__}{${written.join(',')}} ${value[1]} ${value[0] * 1000}`;
}

function matched(texts: string[], regex?: string): Option[] {
  const found = regex ? texts.flatMap((text) => firstMatch(text, stringToJsRegex(regex))) : texts.map(option);
  return [...new Map(found.map((each) => [each.value, each])).values()];
}

function firstMatch(text: string, regex: RegExp): Option[] {
  const match = new RegExp(regex.source, regex.flags.replace('g', '')).exec(text);
  if (!match) return [];
  const { text: shown, value } = match.groups ?? {};
  const whole = match[1] ?? match[0];
  return [{ text: shown ?? value ?? whole, value: value ?? shown ?? whole }];
}

/** Sort as the dashboard says: 0 not at all, 1, 3 and 5 upwards, 2, 4 and 6 downwards; 3 and 4 are numeric. */
function sorted(options: Option[], sort: number): Option[] {
  if (!sort) return options;
  const numeric = sort === 3 || sort === 4;
  const up = options.sort((a, b) => a.text.localeCompare(b.text, undefined, { numeric }));
  return sort % 2 ? up : up.reverse();
}

const listed = (values: string[]) => (values.length === 1 ? values[0] : `(${values.join('|')})`);
const plain = (value: string) => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
/** Escape for a regex inside a PromQL string. */
const regexEscaped = (value: string) =>
  value
    .replace(/\\/g, '\\\\\\\\')
    .replace(/"/g, '\\\\\\"')
    .replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&');

function queryText({ chosen, listed: many, all }: Variable, format?: string): string {
  const values = chosen.map(({ value }) => value);
  if (all !== undefined) return all;
  if (format === 'raw') return values.join(',');
  if (format === 'regex') return listed(values.map(escapeRegex));
  if (format === 'pipe') return values.join('|');
  if (format === 'doublequote') return values.map((value) => `"${value.replace(/"/g, '\\"')}"`).join(',');
  return many ? listed(values.map(regexEscaped)) : plain(values.join(','));
}

const NAMED = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]/g;

function replaced(text: string, variables: Variables, write: (variable: Variable, format?: string) => string): string {
  return text.replace(NAMED, (whole, bare, braced, format, old) => {
    const variable = variables.find(({ name }) => name === (bare ?? braced ?? old));
    return variable ? write(variable, format) : whole;
  });
}

/** Write the variables into PromQL. */
export const forQuery = (text: string, variables: Variables) => replaced(text, variables, queryText);

export const chosenText = ({ chosen }: Variable) => chosen.map(({ text }) => text).join(' + ');
/** Write the variables into a title, a description or a text. */
export const forPeople = (text: string, variables: Variables) => replaced(text, variables, chosenText);
