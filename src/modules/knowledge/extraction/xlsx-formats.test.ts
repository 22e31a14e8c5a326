import assert from "node:assert/strict";
import { test } from "node:test";
import { numberFormat } from "./xlsx-formats.ts";

const shown = (value: number, code: string, from1904 = false) => numberFormat(164, code, from1904)(value);

test("numbers as a person sees them", () => {
  const cases: [number, string, string][] = [
    [0.1 + 0.2, "General", "0.3"],
    [1234567.891, "#,##0.00", "1,234,567.89"],
    [1234567.891, "#,##0", "1,234,568"],
    [-1234.5, "#,##0.00", "-1,234.50"],
    [-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"],
    [-0.001, "0.00", "0.00"],
    [0.125, "0.0%", "12.5%"],
    [0.5, "0%", "50%"],
    [1234.5, '#,##0.00 "€"', "1,234.50 €"],
    [1234.5, "[$£-809]#,##0.00", "£1,234.50"],
    [1234.5, "_-* #,##0.00\\ _€_-", "1,234.50"],
    [12, "00000", "00012"],
    [123456789, "000\\-00\\-0000", "123-45-6789"],
    [5551234, "[<=9999999]###\\-####;(###) ###\\-####", "555-1234"],
    [2.5, "0.###", "2.5"],
    [2, "0.##", "2"],
    [12345678, "0.0,,\\M", "12.3M"],
    [123456, "0.00E+00", "1.23E+05"],
    [0.5, "# ?/?", "0.5"],
    [3, '"Level "0', "Level 3"],
    [0, '0;-0;"none"', "none"],
    [-5, "0;[Red]-0", "-5"],
    [123456789012, "General", "123456789012"],
    [1e21, "0", "1E+21"],
    [7, "", "7"],
    [7, "@", "7"],
  ];
  for (const [value, code, expected] of cases) assert.equal(shown(value, code), expected, `${value} ${code}`);
});

test("dates: in digits as year, month, day; with names as they are; times; both calendars", () => {
  const cases: [number, string, string][] = [
    [45356, "yyyy\\-mm\\-dd", "2024-03-05"],
    [45356, "d/m/yyyy", "2024-03-05"],
    [45356.604166667, "m/d/yy h:mm", "2024-03-05 14:30"],
    [45356.604166667, "h:mm AM/PM", "2:30 PM"],
    [45356.604166667, "hh:mm:ss", "14:30:00"],
    [45356, "d mmmm yyyy", "5 March 2024"],
    [45356, "[$-409]dddd, mmmm dd, yyyy;@", "Tuesday, March 05, 2024"],
    [45356, "mmm-yy", "Mar-24"],
    [45356, "mm/yyyy", "2024-03"],
    [1.5, "[h]:mm", "36:00"],
    [0.75, "mm:ss", "18:00:00"],
    [1, "yyyy-mm-dd", "1900-01-01"],
    [61, "yyyy-mm-dd", "1900-03-01"],
    [-1, "yyyy-mm-dd", "-1"],
    [1e12, "yyyy-mm-dd", "1000000000000"],
  ];
  for (const [value, code, expected] of cases) assert.equal(shown(value, code), expected, `${value} ${code}`);
  assert.equal(shown(43894, "yyyy-mm-dd", true), "2024-03-05");
  assert.equal(numberFormat(14, undefined, false)(45356), "2024-03-05");
  assert.equal(numberFormat(9, undefined, false)(0.5), "50%");
});

test("a hostile format neither hangs nor throws", () => {
  for (const code of [
    '"',
    "\\",
    "[",
    "[$",
    "0".repeat(100_000),
    "#,".repeat(5000),
    ";".repeat(5000),
    "%".repeat(200),
    "E+E+E+",
    "\uD800",
  ]) {
    const started = performance.now();
    assert.equal(typeof shown(-1234.5, code), "string");
    assert.ok(performance.now() - started < 100, code.slice(0, 10));
  }
});
