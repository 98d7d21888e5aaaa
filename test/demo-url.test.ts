import { describe, expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { demoUrl } from '../src/demo-url.ts';
import { parseKafkaUrl } from '../src/pipeline/event-log/kafka-address.ts';
import { parseRedisUrl } from '../src/pipeline/live-store/redis-url.ts';

describe('the simulated shop lies beside a shop’s own', () => {
  test.each([
    ['sqlite:', 'sqlite:'],
    ['kafka://a:1', 'kafka://a:1/ecom.events.demo'],
    ['kafka://a:1,b:2/shop?format=segment&group=g', 'kafka://a:1,b:2/shop.demo'],
    ['kafkas://u:p@a:1/shop/?mechanism=plain&format=ga4', 'kafkas://u:p@a:1/shop.demo?mechanism=plain'],
    ['kafka://u:p@w/x?y@a:1/shop', 'kafka://u:p@w/x?y@a:1/shop.demo'],
    ['mongodb://a', 'mongodb://a/ecom-demo'],
    ['mongodb://a:1,b:2/shop?w=1', 'mongodb://a:1,b:2/shop-demo?w=1'],
    ['mongodb://u:p@a/shop', 'mongodb://u:p@a/shop-demo?authSource=shop'],
    ['mongodb://u:p@a/shop?authSource=admin', 'mongodb://u:p@a/shop-demo?authSource=admin'],
    ['mongodb+srv://u:p@a/?w=1', 'mongodb+srv://u:p@a/ecom-demo?w=1'],
    ['redis://a:1', 'redis://a:1?prefix=ecom-demo'],
    ['redis://a:1/2?cluster=false', 'redis://a:1/2?cluster=false&prefix=ecom-demo'],
    ['rediss+cluster://a,b?prefix=shop&cluster=true', 'rediss+cluster://a,b?prefix=shop-demo&cluster=true'],
  ])('%s', (url, beside) => {
    expect(demoUrl(url)).toBe(beside);
  });

  test('under names that the servers take, and with the same servers and users', () => {
    const kafka = 'kafkas://u:p%40w@a:1,b:2/shop?mechanism=scram-sha-256';
    const { topic, group: _, ...same } = parseKafkaUrl(demoUrl(kafka));
    expect(topic).toBe('shop.demo');
    const { topic: __, group: ___, ...own } = parseKafkaUrl(kafka);
    expect(same).toEqual(own);
    const redis = parseRedisUrl({ url: demoUrl('redis://u:p@a:1/3') });
    expect(redis).toEqual({ ...parseRedisUrl({ url: 'redis://u:p@a:1/3' }), prefix: 'ecom-demo' });
  });

  test('in a folder of its own, with settings of its own', () => {
    const env = { ECOM_ALERTS_FILE: '/mine/alerts.json', ECOM_LOG_URL: 'kafka://a:1/shop' };
    const { dataDir, alertsFile, recommendFile, logUrl } = loadConfig({ dataDir: '/data', demo: true }, env);
    expect({ dataDir, alertsFile, recommendFile, logUrl }).toEqual({
      dataDir: '/data/demo',
      alertsFile: '/data/demo/alerts.json',
      recommendFile: '/data/demo/recommend.json',
      logUrl: 'kafka://a:1/shop.demo',
    });
  });
});
