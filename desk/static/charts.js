// Draws every <div class="chart" data-chart="…">; the same figures stand in the table below it. A click opens the posts.
"use strict";

(() => {
  const drawn = new Map();
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function options(chart) {
    const soft = ink("--soft"), line = ink("--line"), text = ink("--ink"), greys = [soft, ink("--bar")];
    const series = chart.series.map((one, at) => ({
      name: one.name, type: one.type ?? "bar", stack: one.stack, data: one.values, symbol: "none", silent: one.silent ?? false,
      barMaxWidth: 28, lineStyle: { width: 2, type: one.dashed ? "dashed" : "solid" },
      itemStyle: { color: one.type === "line" ? text : greys[at % greys.length] },
      cursor: one.links ? "pointer" : "default",
    }));
    const labels = { color: soft, fontSize: 12, hideOverlap: true };
    const value = { type: "value", minInterval: 1, axisLabel: labels, splitLine: { lineStyle: { color: line } } };
    const names = { type: "category", data: chart.labels, axisLabel: labels, axisLine: { lineStyle: { color: soft } }, axisTick: { show: false } };
    const lying = chart.lying ?? false;
    return {
      animation: false, textStyle: { fontFamily: "inherit", color: text }, aria: { enabled: true },
      grid: { left: 8, right: 16, top: chart.series.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
      legend: chart.series.length > 1 ? { top: 0, left: 0, textStyle: { color: text } } : undefined,
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: lying ? "shadow" : "line" },
        backgroundColor: ink("--sheet"), borderColor: soft, textStyle: { color: text } },
      xAxis: lying ? value : names, yAxis: lying ? { ...names, inverse: true } : value, series,
    };
  }

  function draw(place) {
    let chart;
    try { chart = JSON.parse(place.dataset.chart); } catch { return; }
    let board = drawn.get(place);
    if (!board) {
      board = echarts.init(place, null, { renderer: "canvas" });
      board.on("click", (event) => {
        const link = chart.series[event.seriesIndex]?.links?.[event.dataIndex];
        if (link) location.assign(link);
      });
      new ResizeObserver(() => board.resize()).observe(place);
      drawn.set(place, board);
    }
    board.setOption(options(chart), true);
  }

  const drawAll = () => document.querySelectorAll(".chart[data-chart]").forEach(draw);
  addEventListener("DOMContentLoaded", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
